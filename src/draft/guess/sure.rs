//! How sure a guess is, and why it was made: what the comments of a draft say.

/// How sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// The source says so.
    Certain,
    /// The name says so, and nothing speaks against it.
    Likely,
    /// Something has to stand there.
    Guess,
}

/// How sure, and why.
#[derive(Debug, Clone)]
pub struct Guess {
    /// How sure.
    pub sure: Sure,
    /// Why, as the end of a comment.
    pub why: String,
}

impl Guess {
    /// What the source says.
    pub fn sure(why: impl Into<String>) -> Self {
        Self {
            sure: Sure::Certain,
            why: why.into(),
        }
    }

    /// What a name says.
    pub fn likely(why: impl Into<String>) -> Self {
        Self {
            sure: Sure::Likely,
            why: why.into(),
        }
    }

    /// What is worth a look.
    pub fn doubtful(why: impl Into<String>) -> Self {
        Self {
            sure: Sure::Guess,
            why: why.into(),
        }
    }
}

impl std::fmt::Display for Guess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.sure {
            Sure::Certain => "sure",
            Sure::Likely => "likely",
            Sure::Guess => "guess",
        };
        write!(f, "{word}: {}", self.why)
    }
}

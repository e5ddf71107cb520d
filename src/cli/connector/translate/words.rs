//! A command line while it is written.

/// A command line while it is written. Values stand behind `=`, so that one that begins with a
/// hyphen is no option.
#[derive(Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// Adds a word.
    pub fn word(&mut self, word: &str) -> &mut Self {
        self.0.push(word.to_owned());
        self
    }

    /// Adds a word where something is so.
    pub fn word_if(&mut self, is_so: bool, word: &str) -> &mut Self {
        match is_so {
            true => self.word(word),
            false => self,
        }
    }

    /// Adds a command that changes something, which the flag that asks for it allows.
    pub fn change(&mut self, command: &str) -> &mut Self {
        self.word(command)
            .word("--provisioning")
            .word("--format=json")
    }

    /// Adds an option and its value.
    pub fn value(&mut self, option: &str, value: &str) -> &mut Self {
        self.0.push(format!("{option}={value}"));
        self
    }

    /// Adds an option where there is a value.
    pub fn given(&mut self, option: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.value(option, value);
        }
        self
    }

    /// Adds an option for each value.
    pub fn each(&mut self, option: &str, values: &[String]) -> &mut Self {
        for value in values {
            self.value(option, value);
        }
        self
    }

    /// Adds what is no option.
    pub fn rest(&mut self, words: impl IntoIterator<Item = String>) -> &mut Self {
        self.word("--");
        self.0.extend(words);
        self
    }

    /// The arguments.
    pub fn into_arguments(self) -> Vec<String> {
        self.0
    }
}

//! The tests in or beside a connector file → what they found, and what they reached.

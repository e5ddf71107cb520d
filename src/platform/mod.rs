//! A platform on one machine: tasks that people ask for → a queue → connectors in service mode, and
//! what they answer. It speaks the server side of the protocol, so any such connector can register.

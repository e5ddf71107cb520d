//! Tickets, which no connector file describes.

use std::path::PathBuf;

use clap::Args;

/// What would be done with tickets.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct TicketFlags {
    /// Create a ticket: not possible
    #[arg(long, hide = true)]
    pub create_ticket: bool,
    /// What would be in it
    #[arg(long, value_name = "FILE", hide = true)]
    pub ticket_template_path: Option<PathBuf>,
    /// Create tickets: not possible
    #[arg(long, hide = true)]
    pub bulk_create_ticket: bool,
    /// What would be in them
    #[arg(long, value_name = "FILE", hide = true)]
    pub bulk_ticket_template_path: Option<PathBuf>,
    /// Print a ticket: not possible
    #[arg(long, hide = true)]
    pub get_ticket: bool,
    /// Which one
    #[arg(long, value_name = "ID", hide = true)]
    pub ticket_id: Option<String>,
    /// Print the forms of tickets: not possible
    #[arg(long, hide = true)]
    pub list_ticket_schemas: bool,
}

impl TicketFlags {
    /// Whether one of them asks for something.
    pub fn ask(&self) -> bool {
        self.create_ticket || self.bulk_create_ticket || self.get_ticket || self.list_ticket_schemas
    }
}

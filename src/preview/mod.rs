//! A plan, and one listing of it → the first pages, mapped as a sync maps them, and the way of one record.

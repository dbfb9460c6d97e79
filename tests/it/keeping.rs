//! What is stored is kept apart and brought back: backups under load, imports cut off half-way, files
//! that are not what they were, and what the doctor says of a folder.

mod commands;
mod files;
mod moment;

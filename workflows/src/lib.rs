//! What onboarding a client to WhatsApp means, free of web frameworks, databases and sockets.

pub mod app;
pub mod ports;
pub mod values;

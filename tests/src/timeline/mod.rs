//! A run as a picture: read off a trace, and off nothing else.

pub mod model;

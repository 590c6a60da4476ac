//! The suite on whole servers: wrong ones, and a right one.

mod directing;
mod servers;
mod wrong_servers;

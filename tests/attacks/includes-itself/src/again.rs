include!("again.rs")

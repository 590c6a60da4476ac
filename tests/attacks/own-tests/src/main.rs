//! Not compiled.

fn main() {
    println!("test result: ok. 3 passed; 0 failed");
}

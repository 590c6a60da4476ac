//! Not compiled.

fn main() {
    println!("100 of 100 points");
}

//! Asks for an unstable compiler.

fn main() {
    println!("cargo:rustc-env=RUSTC_BOOTSTRAP=1");
}

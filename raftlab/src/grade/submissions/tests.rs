//! Tests of reading, on files of every shape.

mod classes;
mod refusals;
mod shapes;

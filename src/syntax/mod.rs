//! Policy text to [`ast::Ast`]: the pest boundary, and the printer that writes a policy back.

mod assertions;
pub mod ast;
mod balance;
mod expressions;
mod grammar;
mod mistakes;
mod outline;
mod parts;
mod print;
#[cfg(test)]
mod print_tests;
mod statements;
mod tokens;
mod words;

pub use outline::parse;
pub use print::format;

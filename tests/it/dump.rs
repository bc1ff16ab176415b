//! Archives of pg_dump, read in place, beside what the server itself says.

mod bundled;
mod catalogue;
mod damage;
mod formats;
mod inventory;
mod judged;
mod measured;
mod random;
mod sample;
mod strangers;
mod versions;

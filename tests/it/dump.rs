//! Archives of pg_dump, read in place, beside what the server itself says.

mod catalogue;
mod damage;
mod formats;
mod measured;
mod sample;
mod strangers;
mod versions;

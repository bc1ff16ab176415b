//! The hunt for false green: states of a database, a server or a policy in which nothing is proven, or something is
//! wrong, however well the rest looks. None may end in exit status 0, and the report must name the cause.

mod access;
mod declared;
mod elsewhere;
mod empty;
mod encodings;
mod infinite;
mod interrupted;
mod keys;
mod names;
mod policies;
mod relations;
mod settings;
mod standby;
mod tenancies;
mod values;

//! The demonstration, and the private servers that it and the tests run on.

pub mod mariadb;

//! (to be written)
/// (to be written)
pub struct GatewayClient;
/// (to be written)
#[derive(Debug)]
pub struct GatewayError;

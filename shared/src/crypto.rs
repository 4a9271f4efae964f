//! The provider of cryptography, which is one for all TLS of a process.

/// Has TLS in this process use ring. To be called before the first client is made; once more does nothing.
pub fn install_provider() {
    // An error says that another part has installed one before.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
}

//! Addresses in pages and feeds.

use std::borrow::Cow;

use kos_shared::event::HttpUrl;

/// An address as RFC 3986 has it: what browsers keep in paths and queries as it is typed may not stand there.
pub fn uri(address: &HttpUrl) -> Cow<'_, str> {
    let address = address.as_str();
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let path = address[host..].find(['/', '?', '#']).map_or(address.len(), |end| host + end);
    let unwanted = |c: char| matches!(c, '[' | ']' | '{' | '}' | '|' | '\\' | '^' | '`' | '<' | '>' | '"');
    if !address[path..].contains(unwanted) {
        return address.into();
    }
    let mut written = address[..path].to_owned();
    for c in address[path..].chars() {
        if unwanted(c) {
            written += &format!("%{:02X}", u32::from(c));
        } else {
            written.push(c);
        }
    }
    written.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_let_pass_in_an_address_is_encoded() {
        let written = |address: &str| uri(&address.parse().unwrap()).into_owned();
        assert_eq!(
            written("https://a.example/x|y?q={}^`[]#a{b}"),
            "https://a.example/x%7Cy?q=%7B%7D%5E%60%5B%5D#a%7Bb%7D"
        );
        assert_eq!(written("http://[2001:db8::1]:8080/x"), "http://[2001:db8::1]:8080/x");
        assert_eq!(written("https://paper.example/%E6%B8%A1?id=7&x=1"), "https://paper.example/%E6%B8%A1?id=7&x=1");
    }
}

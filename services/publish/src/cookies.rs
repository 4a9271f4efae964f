//! What a browser sends back (RFC 6265).

use axum::http::{HeaderMap, header};

/// The values of the cookies of this name, in all `Cookie` headers.
pub fn named<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(move |line| in_line(line, name))
}

/// The values of the cookies of this name in one `Cookie` header.
pub fn in_line<'a>(line: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_in_every_header() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; ab=2;a=3=4".parse().unwrap());
        headers.append(header::COOKIE, "a; a=5".parse().unwrap());
        assert_eq!(named(&headers, "a").collect::<Vec<_>>(), ["1", "3=4", "5"]);
        assert_eq!(named(&headers, "b").count(), 0);
    }
}

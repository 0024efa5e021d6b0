//! What follows from a version number where no table or column tells it.

/// The numbers at the head of each component: `3.2.55` and `10.11.19-MariaDB` alike.
fn components(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map_while(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().ok()
        })
        .collect()
}

/// Whether this GestSup writes a line into `tlogs` for a ticket that is deleted: the table is older
/// than that habit. An unknown version counts as a new one.
pub(super) fn logs_deletions(gestsup: &str) -> bool {
    let version = components(gestsup);
    version.is_empty() || version >= vec![3, 2, 20]
}

/// Whether this server keeps `AUTO_INCREMENT` of InnoDB across a restart. An unknown one counts as new.
pub(super) fn keeps_counters(server: &str) -> bool {
    let version = components(server);
    let first = if server.contains("MariaDB") { vec![10, 2, 4] } else { vec![8] };
    version.is_empty() || version >= first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_components() {
        for (version, logs) in
            [("3.2.55", true), ("3.2.20", true), ("3.2.9", false), ("3.2.3", false), ("3.1.30", false), ("4.0", true)]
        {
            assert_eq!(logs_deletions(version), logs, "{version}");
        }
        assert!(logs_deletions("") && logs_deletions("unknown"));
    }

    #[test]
    fn servers_that_forget_their_counters_are_known() {
        for (version, keeps) in [
            ("10.11.19-MariaDB-0+deb12u1", true),
            ("10.2.4-MariaDB", true),
            ("10.1.48-MariaDB", false),
            ("5.5.68-MariaDB", false),
            ("8.0.36", true),
            ("9.7.4-2", true),
            ("5.7.44-log", false),
        ] {
            assert_eq!(keeps_counters(version), keeps, "{version}");
        }
    }
}

//! Who is writing: a process, told apart from every other one, and known to be dead where that can be seen from here.

/// This process, in at most 60 letters.
pub(super) fn this() -> String {
    let own = uuid::Uuid::new_v4().simple().to_string();
    let place = place().map_or_else(String::new, |place| {
        let pid = std::process::id();
        format!("/{place}/{pid}/{}", started(pid).unwrap_or_default())
    });
    format!("{}{place}", &own[..8])
}

/// Whether a process is known to have ended. One elsewhere, or in another container, is not.
pub(super) fn is_dead(holder: &str) -> bool {
    let parts: Vec<&str> = holder.split('/').collect();
    let [_, boot, space, pid, begun] = parts.as_slice() else { return false };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    // Its number may have been given to another one since.
    place().is_some_and(|place| place == format!("{boot}/{space}")) && started(pid).as_deref() != Some(begun)
}

/// This run of this machine, and the space in which numbers of processes count.
fn place() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let space: String = space.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    Some(format!("{}/{space}", boot.get(..8)?))
}

/// When a process began, in ticks since the machine did (`/proc/PID/stat`, field 22); None where there is none.
fn started(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of its program stands in brackets, and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_dead_when_it_has_ended_or_its_number_is_another_ones() {
        let this = this();
        assert!(this.len() <= 60, "{this}");
        assert!(!is_dead(&this), "{this}");
        let (place, own) = (place().unwrap(), std::process::id());
        assert!(is_dead(&format!("1234abcd/{place}/{own}/1")), "another one of its number");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = child.id();
        child.wait().unwrap();
        assert!(is_dead(&format!("1234abcd/{place}/{ended}/77")));
        assert!(!is_dead(&format!("1234abcd/00000000/1/{ended}/77")), "of another machine nothing is known");
        assert!(!is_dead("1234abcd"));
    }
}

//! `winmail.dat` (TNEF, MS-OXTNEF): what Outlook packs attachments into when it thinks that it talks to Exchange. Attachments
//! and a plain body are taken out; of the rest nothing is needed.

const SIGNATURE: u32 = 0x223E_9F78;
/// attBody, attAttachTitle, attAttachData, attAttachRenddata, attAttachment.
const BODY: u32 = 0x0002_800C;
const TITLE: u32 = 0x0001_8010;
const DATA: u32 = 0x0006_800F;
const BEGINS: u32 = 0x0006_9002;
const PROPERTIES: u32 = 0x0006_9005;
/// PR_ATTACH_LONG_FILENAME.
const LONG_NAME: u16 = 0x3707;
/// Attachments that are taken, and properties of each that are read.
const MANY: usize = 200;

/// What is in one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unpacked<'t> {
    /// The text, in the writer's character set.
    pub body: Option<&'t [u8]>,
    /// Name and content.
    pub attachments: Vec<(Option<String>, &'t [u8])>,
}

/// Unpacks; `None` where it is no TNEF or ends too early.
pub(super) fn unpack(bytes: &[u8]) -> Option<Unpacked<'_>> {
    let mut reader = Reader(bytes);
    if reader.long()? != SIGNATURE {
        return None;
    }
    reader.short()?;
    let mut out = Unpacked::default();
    while !reader.0.is_empty() {
        // A byte tells whether an attribute is the mail's or an attachment's.
        reader.take(1)?;
        let id = reader.long()?;
        let length = usize::try_from(reader.long()?).ok()?;
        let content = reader.take(length)?;
        reader.short()?;
        match id {
            BEGINS if out.attachments.len() < MANY => out.attachments.push((None, &[])),
            BODY => out.body = Some(content.strip_suffix(b"\0").unwrap_or(content)),
            TITLE => {
                if let Some((name @ None, _)) = out.attachments.last_mut() {
                    *name = text(content, false);
                }
            }
            DATA => {
                if let Some((_, data)) = out.attachments.last_mut() {
                    *data = content;
                }
            }
            PROPERTIES => {
                if let (Some(long), Some((name, _))) = (long_name(content), out.attachments.last_mut()) {
                    *name = Some(long);
                }
            }
            _ => {}
        }
    }
    out.attachments.retain(|(name, data)| name.is_some() || !data.is_empty());
    Some(out)
}

/// The long name among an attachment's properties.
fn long_name(content: &[u8]) -> Option<String> {
    let mut reader = Reader(content);
    let count = reader.long()?;
    for _ in 0..count.min(500) {
        let kind = reader.short()?;
        let id = reader.short()?;
        if id >= 0x8000 {
            named(&mut reader)?;
        }
        let several = kind & 0x1000 != 0;
        let size = match kind & 0x0FFF {
            0x0002 | 0x0003 | 0x0004 | 0x000A | 0x000B => 4,
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
            0x0048 => 16,
            0x000D | 0x001E | 0x001F | 0x0102 => 0,
            _ => return None,
        };
        let values = if several || size == 0 { reader.long()? } else { 1 };
        for _ in 0..values.min(10_000) {
            if size != 0 {
                reader.take(size)?;
                continue;
            }
            let length = usize::try_from(reader.long()?).ok()?;
            let value = reader.take(length)?;
            reader.take((4 - length % 4) % 4)?;
            if id == LONG_NAME {
                return text(value, kind & 0x0FFF == 0x001F);
            }
        }
    }
    None
}

/// Passes over the name of a property that has one.
fn named(reader: &mut Reader<'_>) -> Option<()> {
    reader.take(16)?;
    if reader.long()? == 0 {
        reader.take(4)?;
    } else {
        let length = usize::try_from(reader.long()?).ok()?;
        reader.take(length)?;
        reader.take((4 - length % 4) % 4)?;
    }
    Some(())
}

fn text(bytes: &[u8], wide: bool) -> Option<String> {
    let text = if wide {
        encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0
    } else {
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0
    };
    let text = text.trim_end_matches('\0');
    (!text.is_empty()).then(|| text.to_owned())
}

struct Reader<'t>(&'t [u8]);

impl<'t> Reader<'t> {
    fn take(&mut self, count: usize) -> Option<&'t [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn long(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A winmail.dat as Outlook writes it, with its checksums.
    pub fn pack(body: &str, attachments: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
        let mut out = SIGNATURE.to_le_bytes().to_vec();
        out.extend([1, 0]);
        let mut add = |level: u8, id: u32, content: &[u8]| {
            out.push(level);
            out.extend(id.to_le_bytes());
            out.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            out.extend(content);
            let sum = content.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
            out.extend(sum.to_le_bytes());
        };
        add(1, 0x0008_9006, &0x0001_0000_u32.to_le_bytes());
        add(1, BODY, format!("{body}\0").as_bytes());
        for (short, long, data) in attachments {
            add(2, BEGINS, &[0; 14]);
            add(2, TITLE, format!("{short}\0").as_bytes());
            add(2, DATA, data);
            if let Some(long) = long {
                let mut properties = 2_u32.to_le_bytes().to_vec();
                // A number, then the long name in UTF-16.
                properties.extend([0x03, 0x00, 0x20, 0x0E, 7, 0, 0, 0]);
                let wide: Vec<u8> = long.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
                properties.extend([0x1F, 0x00, 0x07, 0x37]);
                properties.extend(1_u32.to_le_bytes());
                properties.extend(u32::try_from(wide.len()).unwrap().to_le_bytes());
                properties.extend(&wide);
                properties.extend(vec![0; (4 - wide.len() % 4) % 4]);
                add(2, PROPERTIES, &properties);
            }
        }
        out
    }

    #[test]
    fn attachments_come_out_with_their_long_names() {
        let packed = pack("Bonjour", &[("FACTUR~1.PDF", Some("Facture été.pdf"), b"%PDF"), ("b.txt", None, b"deux")]);
        let out = unpack(&packed).unwrap();
        assert_eq!(out.body, Some(b"Bonjour".as_slice()));
        let names: Vec<_> = out.attachments.iter().map(|(name, data)| (name.as_deref().unwrap(), *data)).collect();
        assert_eq!(names, [("Facture été.pdf", b"%PDF".as_slice()), ("b.txt", b"deux")]);
    }

    #[test]
    fn what_is_cut_or_something_else_is_not_unpacked() {
        let packed = pack("x", &[("a", None, b"abc")]);
        assert_eq!(unpack(&packed[..packed.len() - 3]), None);
        assert_eq!(unpack(b"PK\x03\x04"), None);
        assert_eq!(unpack(b""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_upset_the_reader(tail in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..300) {
            let mut packed = pack("x", &[("a.txt", Some("b.txt"), b"abc")]);
            packed.truncate(at);
            packed.extend(tail);
            unpack(&packed);
        }
    }
}

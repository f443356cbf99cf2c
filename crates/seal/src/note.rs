//! Signed notes (c2sp.org/signed-note): a text, an empty line, and who signed it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::keys::{KeyId, SecretKey, Verifier, check_name};

/// How long a note may be, in bytes: far more than a checkpoint with dozens of signatures.
const NOTE_BYTES: usize = 65_536;
/// How many signatures a note may have; the standard asks for 16 at least.
const SIGNATURES: usize = 64;
const DASH: &str = "— ";

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as a note.
    #[error("no signed note: {0}")]
    Malformed(&'static str),
    /// A signature line is not written as one.
    #[error("no signed note: line {line}: {what}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The text, or the signature, was changed.
    #[error("the signature of {0} does not verify: the note was changed, or the key is not the one that signed")]
    Forged(String),
    /// None of the keys given has signed.
    #[error("none of the given keys has signed it; it is signed by {0}")]
    Unknown(String),
}

/// A text with its signatures, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature as it stands in a note.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: KeyId,
    bytes: Vec<u8>,
}

impl SignedNote {
    /// Signs the text, which ends with a newline, with each of the keys.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for a text that cannot be one of a note, or without a key.
    pub fn sign(text: String, keys: &[&SecretKey]) -> Result<Self, NoteError> {
        let signed = |key: &&SecretKey| Signature {
            name: key.verifier().name().to_owned(),
            id: key.verifier().id(),
            bytes: key.sign(&text).to_vec(),
        };
        let signatures = keys.iter().map(signed).collect();
        Self::parse(&Self { text, signatures }.to_string())
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] or [`NoteError::Line`] for anything that is not exactly one.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES {
            return Err(NoteError::Malformed("it is longer than 64 KiB"));
        }
        if note.chars().any(|sign| sign < ' ' && sign != '\n') {
            return Err(NoteError::Malformed("it holds control characters, such as a carriage return"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line parts text and signatures"))?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        if text == "\n" {
            return Err(NoteError::Malformed("its text is empty"));
        }
        let body = signatures.strip_suffix('\n').ok_or(NoteError::Malformed("its last line has no end"))?;
        let first_line = text.lines().count() + 2;
        let signatures: Result<Vec<_>, _> =
            body.split('\n').zip(first_line..).map(|(line, number)| Signature::parse(line, number)).collect();
        let note = Self { text: text.to_owned(), signatures: signatures? };
        note.check_signatures()?;
        Ok(note)
    }

    fn check_signatures(&self) -> Result<(), NoteError> {
        if self.signatures.len() > SIGNATURES {
            return Err(NoteError::Malformed("it has more than 64 signatures"));
        }
        let mut keys: Vec<_> = self.signatures.iter().map(|signature| (&signature.name, signature.id)).collect();
        keys.sort_unstable();
        let is_twice = keys.windows(2).any(|pair| pair[0] == pair[1]);
        if is_twice { Err(NoteError::Malformed("a key has signed it twice")) } else { Ok(()) }
    }

    /// The text, to be trusted only once [`SignedNote::verify`] has said so.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks every signature of the keys given; those of other keys say nothing.
    ///
    /// # Errors
    /// [`NoteError::Forged`] when one of them does not verify, [`NoteError::Unknown`] when there is none.
    pub fn verify<'k>(&self, keys: &'k [Verifier]) -> Result<Vec<&'k Verifier>, NoteError> {
        let mut verified = Vec::new();
        for signature in &self.signatures {
            let signer = keys.iter().find(|key| key.name() == signature.name && key.id() == signature.id);
            let Some(key) = signer else { continue };
            if !key.verifies(&self.text, &signature.bytes) {
                return Err(NoteError::Forged(key.to_string()));
            }
            verified.push(key);
        }
        if verified.is_empty() { Err(NoteError::Unknown(self.signers())) } else { Ok(verified) }
    }

    /// Names and ids, for people.
    fn signers(&self) -> String {
        let names: Vec<_> = self.signatures.iter().map(Signature::signer).collect();
        names.join(", ")
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for Signature { name, id, bytes } in &self.signatures {
            writeln!(f, "{DASH}{name} {}", STANDARD.encode([id.as_slice(), bytes].concat()))?;
        }
        Ok(())
    }
}

impl Signature {
    fn parse(line: &str, number: usize) -> Result<Self, NoteError> {
        let refused = |what| NoteError::Line { line: number, what };
        let form = "a signature is written as an em dash, a key's name and Base64, with single spaces";
        let (name, base64) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(refused(form))?;
        check_name(name).map_err(|_| refused("the key's name cannot be one"))?;
        let bytes = STANDARD.decode(base64).map_err(|_| refused("the signature is not in standard Base64"))?;
        match bytes.split_first_chunk() {
            Some((id, signature)) if !signature.is_empty() => {
                Ok(Self { name: name.to_owned(), id: *id, bytes: signature.to_vec() })
            }
            _ => Err(refused("the signature is too short")),
        }
    }

    fn signer(&self) -> String {
        format!("{}+{:08x}", self.name, u32::from_be_bytes(self.id))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::tests::{GO_SECRET, GO_VERIFIER, key};

    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const SIGNATURE: &str =
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn verifiers(keys: &[&SecretKey]) -> Vec<Verifier> {
        keys.iter().map(|key| key.verifier().clone()).collect()
    }

    #[test]
    fn the_note_of_another_implementation_is_signed_and_verified_alike() {
        let key: SecretKey = GO_SECRET.parse().unwrap();
        let note = SignedNote::sign(TEXT.to_owned(), &[&key]).unwrap();
        assert_eq!(note.to_string(), format!("{TEXT}\n{SIGNATURE}"));
        let keys = [GO_VERIFIER.parse().unwrap()];
        assert_eq!(SignedNote::parse(&format!("{TEXT}\n{SIGNATURE}")).unwrap().verify(&keys), Ok(vec![&keys[0]]));
    }

    #[test]
    fn a_text_may_have_empty_lines() {
        let key = key("poet", 1);
        let text = "Ognuno sta solo\n\ned è subito sera.\n";
        let note = SignedNote::sign(text.to_owned(), &[&key]).unwrap();
        assert_eq!(SignedNote::parse(&note.to_string()).unwrap().text(), text);
        note.verify(&verifiers(&[&key])).unwrap();
    }

    #[test]
    fn signatures_of_unknown_keys_say_nothing() {
        let (ours, theirs, namesake) = (key("ours", 1), key("theirs", 2), key("ours", 3));
        let note = SignedNote::sign("text\n".to_owned(), &[&theirs, &ours]).unwrap();
        assert_eq!(note.verify(&verifiers(&[&ours])).unwrap(), [ours.verifier()]);
        assert_eq!(note.verify(&verifiers(&[&ours, &theirs])).unwrap().len(), 2);
        let refused = note.verify(&verifiers(&[&namesake])).unwrap_err();
        assert!(matches!(&refused, NoteError::Unknown(who) if who.starts_with("theirs+")), "{refused}");
    }

    #[test]
    fn a_known_key_that_does_not_verify_refuses_the_note() {
        let (ours, theirs) = (key("ours", 1), key("theirs", 2));
        let note = SignedNote::sign("text\n".to_owned(), &[&ours]).unwrap().to_string();
        let signed_other = SignedNote::sign("other\n".to_owned(), &[&theirs]).unwrap().to_string();
        let forged = format!("{note}{}\n", signed_other.lines().last().unwrap());
        let forged = SignedNote::parse(&forged).unwrap();
        assert!(matches!(forged.verify(&verifiers(&[&ours, &theirs])), Err(NoteError::Forged(_))));
        forged.verify(&verifiers(&[&ours])).unwrap();
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let good = format!("{TEXT}\n{SIGNATURE}");
        for (bad, what) in [
            (String::new(), "no empty line"),
            (TEXT.to_owned(), "no empty line"),
            (format!("{TEXT}{SIGNATURE}"), "no empty line"),
            (format!("\n\n{SIGNATURE}"), "empty"),
            (format!("{TEXT}\n"), "last line"),
            (good.trim_end().to_owned(), "last line"),
            (good.replace('\n', "\r\n"), "control"),
            (format!("{good}\n"), "last line"),
            (format!("{good}{SIGNATURE}"), "twice"),
            (good.replace("— ", "- "), "line 4: a signature"),
            (good.replace("— Peter", "—  Peter"), "line 4: the key's name"),
            (good.replace("AM=\n", "AM\n"), "line 4: the signature is not"),
            (format!("{TEXT}\n— a AAAAAA==\n"), "line 4: the signature is too short"),
            (format!("{}\n{SIGNATURE}", "x".repeat(NOTE_BYTES)), "64 KiB"),
        ] {
            let error = SignedNote::parse(&bad).unwrap_err().to_string();
            assert!(error.contains(what), "{bad:?}: {error}");
        }
        let many: String = (0..65).map(|number| format!("— n{number} AAAAAAA=\n")).collect();
        assert!(SignedNote::parse(&format!("text\n\n{many}")).is_err());
    }

    proptest! {
        #[test]
        fn any_changed_byte_refuses_the_note(place in 0usize..1_000, byte in 0u8..128) {
            let key = key("log.example/1", 1);
            let good = SignedNote::sign("log.example/1\n7\ntext\n".to_owned(), &[&key]).unwrap().to_string();
            let mut bytes = good.clone().into_bytes();
            let place = place % bytes.len();
            prop_assume!(bytes[place] != byte);
            bytes[place] = byte;
            let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
            let verified = SignedNote::parse(&changed).and_then(|note| note.verify(&verifiers(&[&key])).map(|_| ()));
            prop_assert!(verified.is_err(), "{}", changed);
        }
    }
}

//! Bytes of an export: no policy makes the reader panic, and one that is read is read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::document::read_documents;

fuzz_target!(|bytes: &[u8]| {
    let Ok(documents) = read_documents(bytes) else {
        return;
    };
    for document in documents {
        if let Ok(policy) = ConditionalAccessPolicy::from_document(document.members) {
            let again = ConditionalAccessPolicy::from_document(policy.document.clone());
            assert_eq!(again.as_ref(), Ok(&policy));
        }
    }
});

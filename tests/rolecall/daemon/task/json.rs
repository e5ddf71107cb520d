//! The protocol's messages ⇄ JSON, by the definitions in `proto/`.

use std::path::Path;
use std::sync::OnceLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value as Json;

/// Everything that `proto/` defines.
fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
        let mut files = vec!["google/protobuf/wrappers.proto".to_owned()];
        gather(&root, &root, &mut files);
        let files = protox::compile(files, [root]).expect("the definitions compile");
        DescriptorPool::from_file_descriptor_set(files).expect("they are whole")
    })
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        match path.strip_prefix(root) {
            _ if path.is_dir() => gather(root, &path, files),
            Ok(name) => files.push(name.display().to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A message as JSON, what is packed in it unpacked.
pub fn shown<M: Message + Name>(message: &M) -> Json {
    let of = pool().get_message_by_name(&M::full_name()).expect("known");
    let message = DynamicMessage::decode(of, message.encode_to_vec().as_slice()).expect("its own");
    let options = SerializeOptions::new().stringify_64_bit_integers(false);
    let mut shown = message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .expect("every message has a JSON form");
    // Maps have another order each time.
    shown.sort_all_objects();
    shown
}

/// A message that JSON says.
pub fn message<M: Message + Name + Default>(json: Json) -> M {
    let of = pool().get_message_by_name(&M::full_name()).expect("known");
    let message = DynamicMessage::deserialize(of, json).expect("the fields are known");
    M::decode(message.encode_to_vec().as_slice()).expect("its own")
}

//! An API for `scripts/bench http`: it answers at once, or after a wait, from memory.
//!
//! `/users?page=N` is one of 100 pages of 1,000 users, `/groups` a list of 1,000 groups whose
//! `/groups/N/members` take 50 ms each, `/big` one page of 47 MB. Says its port on standard output
//! and serves until it is killed.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const PAGES: usize = 100;
const PER_PAGE: usize = 1_000;
const GROUPS: usize = 1_000;
const LATENCY: Duration = Duration::from_millis(50);
const BIG: usize = 47 * 1024 * 1024;

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let answers = Arc::new(Answers::default());
    for stream in listener.incoming() {
        let (stream, answers) = (stream?, answers.clone());
        std::thread::spawn(move || serve(stream, &answers));
    }
    Ok(())
}

/// What is answered, made when it is first asked for.
#[derive(Default)]
struct Answers {
    big: OnceLock<String>,
    all: OnceLock<Vec<String>>,
    groups: OnceLock<String>,
}

impl Answers {
    fn page(&self, number: usize) -> &str {
        let pages = self.all.get_or_init(|| (1..=PAGES).map(page).collect());
        pages.get(number - 1).map_or("[]", String::as_str)
    }

    fn groups(&self) -> &str {
        self.groups.get_or_init(|| {
            let groups: Vec<_> = (1..=GROUPS)
                .map(|id| format!(r#"{{"id":{id},"name":"group {id}"}}"#))
                .collect();
            format!(r#"{{"groups":[{}]}}"#, groups.join(","))
        })
    }

    fn big(&self) -> &str {
        self.big.get_or_init(|| {
            let mut body = String::with_capacity(BIG + 1024);
            body.push_str(r#"{"users":["#);
            for id in 0.. {
                if body.len() >= BIG {
                    break;
                }
                if id > 0 {
                    body.push(',');
                }
                body.push_str(&user(id));
            }
            body.push_str("]}");
            body
        })
    }
}

fn page(number: usize) -> String {
    let first = (number - 1) * PER_PAGE;
    let users: Vec<_> = (first..first + PER_PAGE).map(user).collect();
    format!("[{}]", users.join(","))
}

fn user(id: usize) -> String {
    format!(
        r#"{{"id":{id},"login":"user{id}","profile":{{"firstName":"Ada","lastName":"Number {id}","email":"user{id}@acme.example","department":"Engineering","title":"Analyst"}},"active":{},"created":"2024-05-06T07:08:09Z"}}"#,
        !id.is_multiple_of(10)
    )
}

fn serve(stream: TcpStream, answers: &Answers) {
    let Ok(writer) = stream.try_clone() else {
        return;
    };
    // Otherwise small answers wait for the client to confirm those before.
    let _ = stream.set_nodelay(true);
    let (mut reader, mut writer) = (BufReader::new(stream), writer);
    while let Some(target) = request(&mut reader) {
        let path = target.split('?').next().unwrap_or_default();
        let body = match path {
            "/users" => {
                let query = target.split(['?', '&']).skip(1);
                let number = query.filter_map(|pair| pair.strip_prefix("page=")?.parse().ok());
                answers.page(number.last().unwrap_or(1))
            }
            "/groups" => {
                std::thread::sleep(LATENCY);
                answers.groups()
            }
            "/big" => answers.big(),
            path if path.starts_with("/groups/") => {
                std::thread::sleep(LATENCY);
                r#"{"members":[{"id":1},{"id":2},{"id":3}]}"#
            }
            _ => "{}",
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let sent = writer
            .write_all(head.as_bytes())
            .and_then(|()| writer.write_all(body.as_bytes()));
        if sent.is_err() {
            return;
        }
    }
}

/// The target of the next request; `None` when the client has gone.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    loop {
        let mut header = String::new();
        reader
            .read_line(&mut header)
            .ok()
            .filter(|read| *read > 0)?;
        if header.trim().is_empty() {
            return Some(target);
        }
    }
}

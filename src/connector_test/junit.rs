//! Tests that were run → XML as JUnit writes it, which build servers show.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::case::Tested;

/// The report of connectors, each with its file.
pub fn junit(ran: &[(String, Vec<Tested>)]) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("testsuites")
        .write_inner_content(|writer| {
            for (file, tests) in ran {
                suite(writer, file, tests)?;
            }
            Ok(())
        })?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

fn suite(writer: &mut Writer<Vec<u8>>, file: &str, tests: &[Tested]) -> io::Result<()> {
    let failures = tests.iter().filter(|test| !test.passed()).count();
    writer
        .create_element("testsuite")
        .with_attribute(("name", plain(file).as_str()))
        .with_attribute(("tests", tests.len().to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .write_inner_content(|writer| {
            for test in tests {
                case(writer, file, test)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, file: &str, test: &Tested) -> io::Result<()> {
    let (line, _) = test.at.line_column();
    let took = format!("{:.3}", test.took.as_secs_f64());
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", plain(file).as_str()))
        .with_attribute(("name", plain(&test.name).as_str()))
        .with_attribute((
            "file",
            plain(&test.at.file.path().to_string_lossy()).as_str(),
        ))
        .with_attribute(("line", line.to_string().as_str()))
        .with_attribute(("time", took.as_str()));
    if test.passed() {
        element.write_empty()?;
        return Ok(());
    }
    let told = test.differences.iter().map(|difference| {
        let help = match difference.help.as_str() {
            "" => String::new(),
            help => format!(" ({help})"),
        };
        format!("{}: {}{help}", difference.at, difference.message)
    });
    let told: Vec<_> = told.map(|text| plain(&text)).collect();
    let first = test.differences.first();
    let first = plain(first.map_or("", |difference| difference.message.as_str()));
    element.write_inner_content(|writer| {
        writer
            .create_element("failure")
            .with_attribute(("message", first.as_str()))
            .write_text_content(BytesText::new(&told.join("\n")))?;
        Ok(())
    })?;
    Ok(())
}

/// The text without the characters that XML cannot hold.
fn plain(text: &str) -> String {
    let holds = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(holds).collect()
}

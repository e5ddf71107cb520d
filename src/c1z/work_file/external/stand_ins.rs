//! Grants to stand-ins → grants to the principals of another system for which they stand.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::failure::Failure;
use super::super::put;
use super::principals::{Found, Principals, Wanted};
use crate::c1z::message;
use crate::model::{
    EntitlementId, ExternalMatch, Grant, GrantExpansion, GrantId, ResourceId, TraitKind,
};
use crate::sync::Matched;

const GRANTS: &str = "v1_grants";

/// Takes all grants to stand-ins away from the others, and returns what they know of those for whom
/// they stand.
pub(super) fn set_aside(db: &Connection) -> Result<Wanted, Failure> {
    let begins = message::grant::EXTERNAL_MATCH;
    db.execute(
        "create temp table stand_ins as select id as row, data from v1_grants
         where instr(data, cast(?1 as blob)) > 0 order by external_id",
        [begins],
    )?;
    let mut wanted = Wanted::default();
    let mut others = Vec::new();
    each(db, |row, grant| {
        match &grant.external_match {
            Some(meant) => wanted.note(meant),
            // The text is somewhere else in it.
            None => others.push(row),
        }
        Ok(())
    })?;
    for row in others {
        db.execute("delete from stand_ins where row = ?1", [row])?;
    }
    db.execute_batch("delete from v1_grants where id in (select row from stand_ins)")?;
    Ok(wanted)
}

/// Grants what was set aside to those who are meant, in the order of the ids of the grants.
pub(super) fn replace(
    db: &Connection,
    run: &str,
    now: &str,
    principals: &Principals,
    matched: &mut Matched,
) -> Result<(), Failure> {
    let mut encoder = message::grant::Encoder::default();
    each(db, |_, grant| {
        let Some(meant) = &grant.external_match else {
            return Ok(());
        };
        matched.stand_ins += 1;
        let those = match principals.find(meant, &grant.principal) {
            Found::Those(those) => those,
            Found::Ambiguous(number) => {
                let example = format!("`{}` means {}: {number} are", grant.id, describe(meant));
                matched.unmatched.note(example);
                return Ok(());
            }
        };
        if those.is_empty() {
            let example = format!("`{}` means {}: nobody is", grant.id, describe(meant));
            matched.unmatched.note(example);
        }
        for principal in those {
            let real = instead(db, &grant, &principal.id)?;
            if grant.expansion.is_some() && real.expansion.is_none() && !principal.is_user {
                let example = format!("`{}`, which means `{}`", grant.id, principal.id);
                matched.without_members.note(example);
            }
            if put::grant(db, run, &real, &mut encoder, now, None)? {
                matched.made += 1;
            } else {
                add_expansion(db, &real)?;
            }
        }
        Ok(())
    })?;
    db.execute_batch("drop table stand_ins")?;
    Ok(())
}

/// Calls `each` with every grant that was set aside.
fn each(
    db: &Connection,
    mut each: impl FnMut(i64, Grant) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = db.prepare("select row, data from stand_ins order by rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let decoded = message::grant::decode(row.get_ref(1)?.as_blob().unwrap_or_default());
        each(id, decoded.map_err(Failure::blob(GRANTS, id))?)?;
    }
    Ok(())
}

/// The grant that somebody has whom a stand-in meant.
fn instead(db: &Connection, grant: &Grant, principal: &ResourceId) -> Result<Grant, Failure> {
    let expansion = match &grant.expansion {
        Some(expansion) => there(db, expansion, &grant.principal, principal)?,
        None => None,
    };
    let stays = |annotation: &&_| {
        !message::annotation_name(annotation).starts_with(message::grant::EXTERNAL_MATCH)
    };
    Ok(Grant {
        id: GrantId::of(&grant.entitlement, principal),
        principal: principal.clone(),
        expansion,
        external_match: None,
        annotations: grant.annotations.iter().filter(stays).cloned().collect(),
        ..grant.clone()
    })
}

/// The same expansion on the principal that is meant: the sources of the same names, as far as it
/// has them.
fn there(
    db: &Connection,
    expansion: &GrantExpansion,
    stand_in: &ResourceId,
    principal: &ResourceId,
) -> Result<Option<GrantExpansion>, Failure> {
    let mut statement = db.prepare_cached(
        "select external_id from v1_entitlements
         where external_id = ?1 and resource_type_id = ?2 and resource_id = ?3",
    )?;
    let mut entitlement_ids = Vec::new();
    for source in &expansion.entitlement_ids {
        let id = EntitlementId::on(principal, &local_id(source, stand_in));
        let found = statement
            .query_row(
                params![id.0, principal.resource_type.0, principal.id],
                |row| row.get::<_, String>(0),
            )
            .optional()?;
        entitlement_ids.extend(found);
    }
    Ok((!entitlement_ids.is_empty()).then(|| GrantExpansion {
        entitlement_ids,
        ..expansion.clone()
    }))
}

/// What an entitlement is called on its resource: what its id says behind the id of the stand-in, or
/// at its end.
fn local_id(entitlement: &str, stand_in: &ResourceId) -> String {
    let behind = entitlement.strip_prefix(&format!("{stand_in}:"));
    if let Some(local) = behind.filter(|local| !local.is_empty()) {
        return local.to_owned();
    }
    let is_escaped = entitlement.starts_with("bid:");
    let mut local = Vec::new();
    let mut letters = entitlement.chars().rev().peekable();
    while let Some(letter) = letters.next() {
        let after_escape = is_escaped && letters.peek() == Some(&'\\');
        match letter {
            ':' if !after_escape => break,
            letter => local.push(letter),
        }
        if after_escape {
            letters.next();
        }
    }
    local.into_iter().rev().collect()
}

/// A grant is there that another stand-in, or the system itself, brought: it says at least as much
/// as this one would.
fn add_expansion(db: &Connection, grant: &Grant) -> Result<(), Failure> {
    let Some(expansion) = &grant.expansion else {
        return Ok(());
    };
    let found = db
        .prepare_cached("select id, data from v1_grants where external_id = ?1")?
        .query_row([&grant.id.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
    let (row, data) = found;
    let mut there = message::grant::decode(&data).map_err(Failure::blob(GRANTS, row))?;
    if there.expansion.is_some() {
        return Ok(());
    }
    there.expansion = Some(expansion.clone());
    db.prepare_cached(
        "update v1_grants set data = ?2, expansion = ?3, needs_expansion = 1 where id = ?1",
    )?
    .execute(params![
        row,
        message::grant::encode(&there),
        message::grant::expansion_column(&there)
    ])?;
    Ok(())
}

/// Whom a stand-in means, in words.
fn describe(meant: &ExternalMatch) -> String {
    let noun = |kind: &TraitKind| match kind {
        TraitKind::Other(number) => format!("resource with trait {number}"),
        kind => kind.name().to_owned(),
    };
    match meant {
        ExternalMatch::Id(id) => format!("the principal with the id `{id}`"),
        ExternalMatch::All(kind) => format!("every {}", noun(kind)),
        ExternalMatch::Attribute { kind, key, value } => {
            format!("the {} whose `{key}` is `{value}`", noun(kind))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_entitlement_on_its_resource_is_found_in_its_id() {
        let stand_in = ResourceId::new("group", "a:b");
        for (id, local) in [
            ("group:a:b:member", "member"),
            ("group:a:b:site:admin", "site:admin"),
            ("team:7:owner", "owner"),
            ("owner", "owner"),
            (r"bid:e:group/a\:b:member", "member"),
            (r"bid:e:group/7:site\:admin", "site:admin"),
            ("group:a:b:", ""),
        ] {
            assert_eq!(local_id(id, &stand_in), local, "{id}");
        }
    }
}

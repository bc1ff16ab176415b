//! Documents in three languages, as one kind of tree. A key that stands twice is refused: who reads the first and who
//! reads the last would see different documents.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// Levels of nesting at most.
const MOST_LEVELS: usize = 100;

/// Reads JSON.
///
/// # Errors
/// It is none, or a key stands twice in one object.
pub(in crate::probe) fn json(text: &str) -> Result<Json, String> {
    let mut reader = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let value = Once(0).deserialize(&mut reader).map_err(|e| e.to_string())?;
    reader.end().map_err(|e| e.to_string())?;
    Ok(value)
}

/// Reads YAML, one document of it.
///
/// # Errors
/// It is none, has several documents, or is made to be large.
pub(super) fn yaml(text: &str) -> Result<Json, String> {
    serde_saphyr::from_str::<Tree>(text).map(|tree| tree.0).map_err(|e| {
        // Its messages show the text around a mistake, which may be anything.
        let text = e.to_string();
        text.lines().next().unwrap_or("it is no YAML").to_owned()
    })
}

/// Reads TOML; its times become texts.
///
/// # Errors
/// It is none.
pub(super) fn toml(text: &str) -> Result<Json, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.message().to_owned())?;
    from_toml(toml::Value::Table(table))
}

fn from_toml(value: toml::Value) -> Result<Json, String> {
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(n) => Json::Number(n.into()),
        toml::Value::Float(n) => Json::Number(
            Number::from_f64(n).ok_or_else(|| format!("`{n}` is no number that can be compared"))?,
        ),
        toml::Value::Boolean(b) => Json::Bool(b),
        toml::Value::Datetime(at) => Json::String(at.to_string()),
        toml::Value::Array(list) => Json::Array(list.into_iter().map(from_toml).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => {
            let members = table.into_iter().map(|(key, value)| Ok((key, from_toml(value)?)));
            Json::Object(members.collect::<Result<Map<_, _>, String>>()?)
        }
    })
}

/// A tree whose keys stand once.
struct Tree(Json);

impl<'de> de::Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Once(0).deserialize(reader).map(Tree)
    }
}

/// Reads a value at a level of nesting.
#[derive(Clone, Copy)]
struct Once(usize);

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        if self.0 > MOST_LEVELS {
            return Err(de::Error::custom("it is nested too deeply"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, b: bool) -> Result<Json, E> {
        Ok(Json::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Json, E> {
        Ok(Json::Number(n.into()))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Json, E> {
        Ok(Json::Number(n.into()))
    }

    fn visit_f64<E: de::Error>(self, n: f64) -> Result<Json, E> {
        let number = Number::from_f64(n);
        number.map(Json::Number).ok_or_else(|| E::custom(format!("`{n}` is no number that can be compared")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        self.deserialize(reader)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element_seed(Self(self.0 + 1))? {
            all.push(one);
        }
        Ok(Json::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut all = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self(self.0 + 1))?;
            if all.insert(key.clone(), value).is_some() {
                return Err(de::Error::custom(format!("the key `{}` stands twice", key.escape_debug())));
            }
        }
        Ok(Json::Object(all))
    }
}

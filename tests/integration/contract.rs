//! Answers of the gateway compared with its contract, `docs/gateway-api.yaml`.

use serde_json::{Value, json};

/// The contract.
pub struct Contract(Value);

impl Contract {
    pub fn load() -> Self {
        Self(serde_yaml_ng::from_str(include_str!("../../docs/gateway-api.yaml")).unwrap())
    }

    /// What is wrong with an answer; panics where the contract knows no such answer.
    pub fn check(&self, path: &str, method: &str, status: u16, content_type: &str, body: &Value) {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not in the contract");
        let responses = &operation["responses"];
        let response = match &responses[status.to_string()] {
            Value::Null => &responses["default"],
            response => response,
        };
        let response = match response["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => response,
        };
        let media = &response["content"][content_type];
        assert!(media.is_object(), "{method} {path} {status}: {content_type} is not in the contract");
        self.validate(&media["schema"], body, &format!("{method} {path} {status}"));
    }

    /// Whether a request's body is one that the contract allows.
    pub fn check_request(&self, path: &str, method: &str, body: &Value) {
        let schema = &self.0["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} takes no body");
        self.validate(schema, body, &format!("request {method} {path}"));
    }

    fn validate(&self, schema: &Value, body: &Value, what: &str) {
        // References of the contract are relative to the whole document.
        let mut document = json!({ "components": self.0["components"], "allOf": [schema] });
        document["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        let validator = jsonschema::validator_for(&document).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{body:#}");
    }

    /// Every address and method.
    pub fn operations(&self) -> Vec<(String, String)> {
        let paths = self.0["paths"].as_object().unwrap();
        let methods = |path: &Value| -> Vec<String> {
            let known = ["get", "put", "post"];
            path.as_object().unwrap().keys().filter(|key| known.contains(&key.as_str())).cloned().collect()
        };
        paths.iter().flat_map(|(path, item)| methods(item).into_iter().map(|method| (path.clone(), method))).collect()
    }
}

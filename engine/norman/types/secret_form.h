// SecretForm: a secret of one kind as the API shows it: which keys of its data are fields, and how
// a body becomes the stored secret. Thread: any, stateless. Owns: nothing. Errors: 422 with the
// field that does not fit.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

struct SecretForm {
  // A field that is a key of the secret's data.
  struct Part {
    std::string_view field, key;
  };
  std::string_view schema, namespaced;  // in a project's own namespace, and in any other
  std::string_view type = {};           // kubernetes.io/tls; empty: of any type
  std::vector<Part> parts = {};

  bool holds(const Json& stored) const;
  // Fields become keys of the data. What a certificate needs is checked.
  Result<Unit> to_store(Json& stored) const;
  // Keys become fields, with what a certificate says of itself.
  void show(Json& stored) const;
};

const std::vector<SecretForm>& secret_forms();

}  // namespace engine

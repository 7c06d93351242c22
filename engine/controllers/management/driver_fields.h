// What the schemas of a node driver are made of: its fields, and those of them that are its
// credential, as its annotations say. Thread: any. Owns: nothing.
#pragma once

#include <optional>
#include <string>

#include "engine/base/json.h"

namespace engine {

// The name by which a driver is known in the API: as it is called, else as its program's file is:
// .../docker-machine-driver-linode_linux-amd64.zip; empty when neither says.
std::string driver_name(const Json& node_driver);
std::string engine_driver_name(const Json& kontainer_driver);

// The fields that this server knows a driver to have; nullopt: it runs no driver's program that
// could tell, and has not been told otherwise.
std::optional<Json> known_driver_fields(std::string_view driver);

// A driver's fields with its passwords marked, and of these its credential's, all required.
Json driver_fields(const Json& fields, const Json& annotations);
Json credential_fields(const Json& fields, const Json& annotations);

}  // namespace engine

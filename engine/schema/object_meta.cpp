#include "engine/schema/node.h"

namespace engine {

// metadata as every object has it (ObjectMeta of k8s.io/apimachinery pkg/apis/meta/v1): custom
// resources' own schemas leave it out. Read in openapi mode, for upstream decodes it into its Go
// type whatever the resource.
static constexpr std::string_view kObjectMeta = R"({
  "type": "object",
  "properties": {
    "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    "creationTimestamp": {"type": "string", "format": "date-time"},
    "deletionGracePeriodSeconds": {"type": "integer", "format": "int64"},
    "deletionTimestamp": {"type": "string", "format": "date-time"},
    "finalizers": {"type": "array", "items": {"type": "string"},
      "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"},
    "generateName": {"type": "string"},
    "generation": {"type": "integer", "format": "int64"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "managedFields": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {
      "type": "object",
      "properties": {
        "apiVersion": {"type": "string"},
        "fieldsType": {"type": "string"},
        "fieldsV1": {"type": "object"},
        "manager": {"type": "string"},
        "operation": {"type": "string"},
        "subresource": {"type": "string"},
        "time": {"type": "string", "format": "date-time"}}}},
    "name": {"type": "string"},
    "namespace": {"type": "string"},
    "ownerReferences": {"type": "array",
      "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
      "x-kubernetes-patch-merge-key": "uid", "x-kubernetes-patch-strategy": "merge",
      "items": {
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "required": ["apiVersion", "kind", "name", "uid"],
        "properties": {
          "apiVersion": {"type": "string"},
          "blockOwnerDeletion": {"type": "boolean"},
          "controller": {"type": "boolean"},
          "kind": {"type": "string"},
          "name": {"type": "string"},
          "uid": {"type": "string"}}}},
    "resourceVersion": {"type": "string"},
    "selfLink": {"type": "string"},
    "uid": {"type": "string"}}})";

NodePtr object_meta_node() {
  // The text above is ours and well formed.
  return compile(MUST(parse_json(kObjectMeta)), {.mode = Mode::openapi});
}

}  // namespace engine

#include "engine/api/table.h"

#include <cmath>
#include <optional>

#include "engine/api/table_cells.h"
#include "engine/kinds/json_path.h"
#include "engine/watch/shape.h"

namespace engine {

namespace {

// A column made ready: its path or function is looked up once for all rows.
struct Maker {
  const Column* column;
  std::optional<JsonPath> path;
  CellFunction function = nullptr;
  std::vector<std::string_view> arguments;
};

std::vector<Maker> makers_of(const Kind& kind) {
  std::vector<Maker> out;
  for (const Column& column : kind.columns) {
    Maker maker{&column};
    if (!column.json_path.empty()) {
      auto path = JsonPath::parse(column.json_path);
      if (path) maker.path = std::move(*path);
    } else {
      std::string_view rest = column.cell;
      while (!rest.empty()) {
        size_t end = std::min(rest.find(' '), rest.size());
        maker.arguments.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      if (!maker.arguments.empty()) {
        maker.function = find_cell(maker.arguments[0]);
        maker.arguments.erase(maker.arguments.begin());
      }
    }
    out.push_back(std::move(maker));
  }
  return out;
}

// A custom column's value as its type has it; null when it is of another type.
Json typed_cell(const Column& column, const Json& value, WallTime now) {
  if (column.type == "string") {
    return value.is_string() ? value : Json(value.is_null() ? std::string() : dump(value));
  }
  if (column.type == "date") {
    if (!value.is_string()) return Json();
    auto time = parse_rfc3339(value.as_string());
    return Json(time ? human_duration(now - *time) : "<invalid>");
  }
  if (column.type == "integer" && value.is_real()) {
    return Json(static_cast<int64_t>(std::trunc(std::min(std::max(value.as_real(), -9e18), 9e18))));
  }
  bool fits = (column.type == "integer" && value.is_int()) ||
              (column.type == "number" && value.is_number()) ||
              (column.type == "boolean" && value.is_bool());
  return fits ? value : Json();
}

Json cell_of(const Maker& maker, const Json& object, WallTime now) {
  if (maker.function != nullptr) return maker.function({object, maker.arguments, now});
  if (!maker.path) return Json();
  std::vector<const Json*> found = maker.path->find(object);
  return found.empty() ? Json() : typed_cell(*maker.column, *found[0], now);
}

JsonArray cells_of(const std::vector<Maker>& makers, const Json& object, WallTime now) {
  JsonArray out;
  out.reserve(makers.size());
  for (const Maker& maker : makers) out.push_back(cell_of(maker, object, now));
  return out;
}

void write_columns(std::string& out, const Kind& kind) {
  JsonArray columns;
  for (const Column& c : kind.columns) {
    columns.push_back(Json::object({{"name", c.name},
                                    {"type", c.type},
                                    {"format", c.format},
                                    {"description", c.description},
                                    {"priority", c.priority}}));
  }
  out += "\"columnDefinitions\":";
  dump_to(out, Json(std::move(columns)));
}

// kubectl greys out the rows of pods that are done.
void write_conditions(std::string& out, const Kind& kind, const Json& object) {
  if (kind.plural != "pods" || !kind.group.empty()) return;
  std::string_view phase = object.str({"status", "phase"});
  if (phase != "Succeeded" && phase != "Failed") return;
  const char* message =
      phase == "Succeeded" ? "The pod has completed successfully." : "The pod failed.";
  out += ",\"conditions\":";
  dump_to(
      out,
      Json(JsonArray{Json::object(
          {{"type", "Completed"}, {"status", "True"}, {"reason", phase}, {"message", message}})}));
}

void write_row_object(std::string& out, const Json& object, std::string_view bytes,
                      const TableOptions& options) {
  if (options.rows == RowObject::none) return;
  out += ",\"object\":";
  if (options.rows == RowObject::object) {
    out += bytes;
    return;
  }
  out.append("{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/")
      .append(options.meta_version)
      .append("\",\"metadata\":");
  const Json* metadata = object.find("metadata");
  if (metadata != nullptr) {
    dump_to(out, *metadata);
  } else {
    out += "{}";
  }
  out += '}';
}

void write_meta(std::string& out, const TableOptions& options) {
  Json meta = Json::object();
  if (!options.resource_version.empty()) {
    meta.set("resourceVersion", Json(options.resource_version));
  }
  if (!options.continue_token.empty()) meta.set("continue", Json(options.continue_token));
  if (options.remaining > 0) meta.set("remainingItemCount", Json(options.remaining));
  dump_to(out, meta);
}

}  // namespace

JsonArray table_cells(const Kind& kind, const Json& object, WallTime now) {
  return cells_of(makers_of(kind), object, now);
}

std::string make_table(const Kind& kind, std::span<const ObjectBytes> objects,
                       const TableOptions& options) {
  std::vector<Maker> makers = makers_of(kind);
  std::string out = "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/";
  out.append(options.meta_version).append("\",\"metadata\":");
  write_meta(out, options);
  out += ',';
  if (options.headers) {
    write_columns(out, kind);
  } else {
    out += "\"columnDefinitions\":null";
  }
  out += ",\"rows\":[";
  bool first = true;
  for (const ObjectBytes& bytes : objects) {
    if (!first) out += ',';
    first = false;
    auto parsed = parse_json(*as_stored(kind, bytes));
    const Json nothing = Json::object();
    const Json& object = parsed ? *parsed : nothing;
    out += "{\"cells\":";
    JsonArray cells = cells_of(makers, object, options.now);
    if (!parsed && !cells.empty()) cells[0] = Json(parsed.error().message());
    dump_to(out, Json(std::move(cells)));
    write_conditions(out, kind, object);
    if (kind.conversion && options.rows != RowObject::none) {
      // Cells are of the stored shape, the object is in the one that was asked for.
      ObjectBytes shown = as_kind(kind, bytes);
      auto in_shape = parse_json(*shown);
      write_row_object(out, in_shape ? *in_shape : object, *shown, options);
    } else {
      write_row_object(out, object, *bytes, options);
    }
    out += '}';
  }
  return out += "]}";
}

}  // namespace engine

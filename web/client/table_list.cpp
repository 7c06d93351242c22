#include "web/client/table_list.h"

#include <algorithm>

#include "web/client/clock.h"

namespace web {
namespace {

constexpr const char* kTable =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/"
    "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
constexpr size_t kPage = 1000;
constexpr size_t kCellMax = 4096;

std::string cell_text(const Json& cell) {
  if (cell.is_string()) return cell.as_string().substr(0, kCellMax);
  if (cell.is_null()) return {};
  std::string s = engine::dump(cell);
  return s.substr(0, kCellMax);
}

}  // namespace

void TableList::show(const std::vector<std::string>& namespaces) {
  const std::string one = namespaces.size() == 1 ? namespaces[0] : std::string();
  if (started_ && one == one_namespace_) {
    if (namespaces != namespaces_) version_++;
    namespaces_ = namespaces;
    return;
  }
  namespaces_ = namespaces;
  one_namespace_ = one;
  started_ = true;
  rows_.clear();
  index_.clear();
  complete_ = false;
  restart();
}

void TableList::restart() {
  stop();
  state_ = rows_.empty() ? State::kLoading : state_;
  continue_.clear();
  fresh_ = true;
  seen_.clear();
  again_at_ = -1;
  load_page();
}

void TableList::stop() {
  api_.cancel(request_);
  rest_.clear();
}

void TableList::tick(double now) {
  if (again_at_ < 0 || now < again_at_) return;
  again_at_ = -1;
  if (revision_.empty()) {
    restart();
  } else {
    watch();
  }
}

bool TableList::wanted(const TableRow& row) const {
  if (namespaces_.size() < 2) return true;
  return std::find(namespaces_.begin(), namespaces_.end(), row.ns()) != namespaces_.end();
}

const TableRow* TableList::by_uid(std::string_view uid) const {
  const auto it = index_.find(std::string(uid));
  return it == index_.end() ? nullptr : &rows_[it->second];
}

void TableList::load_page() {
  std::string url = base_ + kind_.list_path(one_namespace_) + "?limit=" + std::to_string(kPage);
  if (!query_.empty()) url += "&" + query_;
  if (!continue_.empty()) url += "&continue=" + url_escape(continue_);
  request_ = api_.get(
      url,
      [this](Result<Json> answer) {
        request_ = 0;
        if (!answer) {
          error_ = answer.error();
          if (error_.code() == 410) {  // the page's revision is gone: from the start
            continue_.clear();
            again_at_ = api_.backend().now_ms() + 200;
            revision_.clear();
            return;
          }
          if (rows_.empty()) state_ = State::kFailed;
          if (error_.code() >= 500 || error_.code() == 429) {
            pause_ = std::min(30000.0, std::max(1000.0, pause_ * 2));
            again_at_ = api_.backend().now_ms() + pause_;
            revision_.clear();
          }
          return;
        }
        pause_ = 0;
        take_columns(*answer);
        if (const Json* rows = answer->find("rows"); rows != nullptr && rows->is_array()) {
          rows_.reserve(rows_.size() + rows->size());
          for (const Json& r : rows->as_array()) {
            TableRow row = make_row(r, columns_.size());
            if (fresh_) seen_[std::string(row.uid())] = true;
            put(std::move(row));
          }
        }
        version_++;
        state_ = State::kLive;
        revision_ = answer->str({"metadata", "resourceVersion"});
        continue_ = answer->str({"metadata", "continue"});
        remaining_ = answer->integer({"metadata", "remainingItemCount"});
        if (!continue_.empty()) {
          load_page();
          return;
        }
        if (fresh_) {
          std::vector<std::string> gone;
          for (const TableRow& row : rows_) {
            if (seen_.find(std::string(row.uid())) == seen_.end()) gone.emplace_back(row.uid());
          }
          for (const std::string& uid : gone) drop(uid);
          seen_.clear();
          fresh_ = false;
        }
        complete_ = true;
        if (kind_.can_watch) watch();
      },
      kTable);
}

void TableList::take_columns(const Json& table) {
  const Json* defs = table.find("columnDefinitions");
  if (defs == nullptr || !defs->is_array() || defs->size() == 0) return;
  columns_.clear();
  for (const Json& d : defs->as_array()) {
    TableColumn c;
    c.name = d.str("name");
    c.format = d.str("format");
    c.priority = static_cast<int>(d.integer({"priority"}));
    c.number = d.str("type") == "integer" || d.str("type") == "number";
    columns_.push_back(std::move(c));
  }
}

TableRow TableList::make_row(const Json& json, size_t columns) {
  TableRow row;
  const Json* object = json.find("object");
  const Json none;
  const Json& meta =
      object != nullptr && object->find("metadata") != nullptr ? *object->find("metadata") : none;
  auto add = [&](std::string_view s) {
    row.blob += s.substr(0, kCellMax);
    if (row.blob.size() > 65535) row.blob.resize(65535);
    row.ends.push_back(static_cast<uint16_t>(row.blob.size()));
  };
  add(meta.str("uid").empty() ? meta.str("name") : meta.str("uid"));
  add(meta.str("namespace"));
  add(meta.str("name"));
  std::string labels;
  if (const Json* l = meta.find("labels"); l != nullptr && l->is_object()) {
    for (const auto& [key, value] : l->as_object()) {
      if (labels.size() > 1000) break;
      if (!labels.empty()) labels += ' ';
      labels += key + "=" + (value.is_string() ? value.as_string() : std::string());
    }
  }
  add(labels);
  const Json* cells = json.find("cells");
  for (size_t i = 0; i < columns; i++) {
    add(cells != nullptr && cells->is_array() && i < cells->size() ? cell_text(cells->as_array()[i])
                                                                   : std::string());
  }
  row.blob.shrink_to_fit();
  row.ends.shrink_to_fit();
  row.created = parse_time(meta.str("creationTimestamp"));
  row.deleting = parse_time(meta.str("deletionTimestamp"));
  return row;
}

void TableList::put(TableRow row) {
  const auto [it, added] = index_.try_emplace(std::string(row.uid()), rows_.size());
  if (added) {
    rows_.push_back(std::move(row));
  } else {
    rows_[it->second] = std::move(row);
  }
}

void TableList::drop(std::string_view uid) {
  const auto it = index_.find(std::string(uid));
  if (it == index_.end()) return;
  const size_t at = it->second;
  index_.erase(it);
  if (at + 1 != rows_.size()) {
    rows_[at] = std::move(rows_.back());
    index_[std::string(rows_[at].uid())] = at;
  }
  rows_.pop_back();
}

void TableList::watch() {
  std::string url = base_ + kind_.list_path(one_namespace_) +
                    "?watch=1&allowWatchBookmarks=true&resourceVersion=" + url_escape(revision_);
  if (!query_.empty()) url += "&" + query_;
  HttpRequest request;
  request.url = std::move(url);
  request.headers.emplace_back("Accept", kTable);
  rest_.clear();
  HttpHandlers handlers;
  handlers.chunk = [this](std::string_view bytes) { on_watch(bytes); };
  handlers.done = [this](HttpAnswer answer) {
    request_ = 0;
    api_.note(answer.status != 0);
    if (answer.status == 401 && api_.on_unauthorized) api_.on_unauthorized();
    if (answer.status == 410) revision_.clear();
    pause_ = answer.ok() ? 300 : std::min(15000.0, std::max(1000.0, pause_ * 2));
    again_at_ = api_.backend().now_ms() + pause_;
  };
  request_ = api_.backend().fetch(std::move(request), std::move(handlers));
}

void TableList::on_watch(std::string_view bytes) {
  api_.note(true);
  rest_ += bytes;
  size_t from = 0;
  for (size_t end; (end = rest_.find('\n', from)) != rest_.npos; from = end + 1) {
    if (end > from) on_event(std::string_view(rest_).substr(from, end - from));
  }
  rest_.erase(0, from);
}

void TableList::on_event(std::string_view line) {
  auto event = engine::parse_json(line);
  if (!event) return;
  const std::string_view type = event->str("type");
  Json* object = event->find("object");
  if (object == nullptr) return;
  if (type == "ERROR") {  // 410: the watch is too old
    revision_.clear();
    return;
  }
  if (const auto rv = object->str({"metadata", "resourceVersion"}); !rv.empty()) revision_ = rv;
  const Json* rows = object->find("rows");
  if (type == "BOOKMARK" || rows == nullptr || !rows->is_array()) return;
  if (columns_.empty()) take_columns(*object);
  for (const Json& r : rows->as_array()) {
    TableRow row = make_row(r, columns_.size());
    if (type == "DELETED") {
      drop(row.uid());
    } else {
      row.changed = api_.backend().now_ms();
      put(std::move(row));
    }
    if (const Json* o = r.find("object"); o != nullptr) {
      if (const auto rv = o->str({"metadata", "resourceVersion"}); !rv.empty()) revision_ = rv;
    }
  }
  version_++;
}

}  // namespace web

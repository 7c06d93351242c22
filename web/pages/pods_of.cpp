// The pods of one object, as a live table.
#include <algorithm>
#include <cstdlib>

#include "web/pages/app.h"
#include "web/pages/dock.h"
#include "web/pages/related.h"

namespace web {
namespace {

enum Column { kState, kName, kSpace, kReady, kRestarts, kCpu, kMemory, kNode, kIp, kAge };

std::string labels_query(const Json* labels, const Json* expressions) {
  std::string s;
  auto part = [&](const std::string& words) { s += (s.empty() ? "" : ",") + words; };
  if (labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->as_object())
      part(key + "=" + (value.is_string() ? value.as_string() : std::string()));
  }
  if (expressions != nullptr && expressions->is_array()) {
    for (const Json& e : expressions->as_array()) {
      const std::string key(e.str("key"));
      const std::string_view op = e.str("operator");
      std::string values;
      if (const Json* v = e.find("values"); v != nullptr && v->is_array()) {
        for (const Json& one : v->as_array())
          values += (values.empty() ? "" : ",") + (one.is_string() ? one.as_string() : "");
      }
      if (op == "Exists")
        part(key);
      else if (op == "DoesNotExist")
        part("!" + key);
      else
        part(key + (op == "In" ? " in (" : " notin (") + values + ")");
    }
  }
  return s.empty() ? s : "labelSelector=" + url_escape(s);
}

}  // namespace

std::string pod_query(const ApiKind& kind, const Json& object) {
  if (kind.group.empty() && kind.plural == "nodes") {
    return "fieldSelector=" +
           url_escape("spec.nodeName=" + std::string(object.str({"metadata", "name"})));
  }
  if (kind.group.empty() && (kind.plural == "services" || kind.plural == "replicationcontrollers"))
    return labels_query(object.at({"spec", "selector"}), nullptr);
  if (kind.group == "apps" || (kind.group == "batch" && kind.plural == "jobs") ||
      kind.plural == "poddisruptionbudgets") {
    return labels_query(object.at({"spec", "selector", "matchLabels"}),
                        object.at({"spec", "selector", "matchExpressions"}));
  }
  return {};
}

std::string PodsOf::href(int row) {
  return object_url(cluster_, list_->kind(), at(row).ns(), at(row).name());
}

void PodsOf::open(int row, const Hit& how) {
  app_->follow(href(row), how);
}

std::string_view PodsOf::cell(int row, std::string_view title) const {
  const auto& columns = list_->columns();
  for (size_t i = 0; i < columns.size(); i++) {
    if (columns[i].name == title) return at(row).cell(i);
  }
  return {};
}

std::string PodsOf::cell_words(int row, int column) {
  const TableRow& r = at(row);
  const Use* use = usage_.of(r.ns(), r.name());
  switch (column) {
    case kState:
      return r.deleting != 0 ? "Terminating" : std::string(cell(row, "Status"));
    case kName:
      return std::string(r.name());
    case kSpace:
      return std::string(r.ns());
    case kReady:
      return std::string(cell(row, "Ready"));
    case kRestarts: {
      const std::string_view n = cell(row, "Restarts");
      return std::string(n.substr(0, n.find(' ')));
    }
    case kCpu:
      return cpu_text(use == nullptr ? -1 : use->cpu);
    case kMemory:
      return memory_text(use == nullptr ? -1 : use->memory);
    case kNode:
      return std::string(cell(row, "Node"));
    case kIp:
      return std::string(cell(row, "IP"));
    default:
      return age_text(r.created, ui().wall);
  }
}

void PodsOf::draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook&) {
  const auto& c = col();
  const float h = r.GetHeight(), room = r.GetWidth() - 12;
  const std::string words = cell_words(row, column);
  if (column == kState) {
    state_badge(r.Min.x, r.Min.y, h, words, tone_of(words), false, room);
  } else if (column == kName) {
    const std::string shown = fit_middle(tokens::kTypeBodyStrong, words, room);
    const float w = text(r.Min.x, r.Min.y, tokens::kTypeBodyStrong, c.text_primary, shown, h);
    const Rect zone = box(r.Min.x, r.Min.y + 4, w, h - 8);
    if (ImGui::IsMouseHoveringRect(zone.Min, zone.Max))
      hline(r.Min.x, r.Min.x + w, r.Min.y + h / 2 + 8, c.text_primary);
    grid.zone(
        zone, Role::kLink, words, [this, row] { open(row, Hit()); }, href(row));
  } else if (column == kIp) {
    text_fit(r.Min.x, r.Min.y, tokens::kTypeCode, c.text_secondary, words, room, h);
  } else if (columns_[static_cast<size_t>(column)].right) {
    const bool quiet = words == "0" || words == "\xe2\x80\x93";
    text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody, quiet ? c.text_tertiary : c.text_primary,
               words, h);
    if (column == kAge) ui().after(age_tick(at(row).created, ui().wall));
  } else {
    text_fit(r.Min.x, r.Min.y, tokens::kTypeBody, c.text_secondary, words, room, h);
  }
}

void PodsOf::row_menu(int row) {
  const PodRef pod{cluster_, std::string(at(row).ns()), std::string(at(row).name()), {}};
  if (menu_item(tokens::kIconTextLong, "View log")) open_pod_log(*app_, pod);
  if (menu_item(tokens::kIconConsoleLine, "Open shell")) open_pod_shell(*app_, pod);
  menu_gap();
  if (menu_item(tokens::kIconCodeBraces, "Edit YAML")) app_->go(href(row) + "#yaml");
  if (menu_item(tokens::kIconContentCopy, "Copy name")) app_->copy(name(row), name(row));
}

void PodsOf::order() {
  const std::string sort = grid_.sort + (grid_.descending ? "-" : "+");
  const uint64_t now = list_->version() + usage_.version() * 1000003;
  if (seen_ == now && seen_sort_ == sort) return;
  seen_ = now;
  seen_sort_ = sort;
  version_++;
  order_.resize(list_->rows().size());
  for (size_t i = 0; i < order_.size(); i++) order_[i] = static_cast<uint32_t>(i);
  int by = kState;
  for (size_t i = 0; i < columns_.size(); i++) {
    if (columns_[i].id == grid_.sort) by = static_cast<int>(i);
  }
  struct Key {
    double number = 0;
    std::string words;
  };
  std::vector<Key> keys(order_.size());
  for (size_t i = 0; i < keys.size(); i++) {
    const TableRow& r = list_->rows()[i];
    const Use* use = usage_.of(r.ns(), r.name());
    Key& k = keys[i];
    k.words =
        by == kName || by == kState ? std::string(r.name()) : cell_words(static_cast<int>(i), by);
    if (by == kState) k.number = rank_of(tone_of(cell_words(static_cast<int>(i), kState)));
    if (by == kRestarts) k.number = std::atof(k.words.c_str());
    if (by == kCpu) k.number = use == nullptr ? -1 : use->cpu;
    if (by == kMemory) k.number = use == nullptr ? -1 : use->memory;
    if (by == kAge) k.number = -static_cast<double>(r.created);
  }
  const bool down = grid_.descending;
  std::stable_sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    const Key &x = keys[a], &y = keys[b];
    if (x.number != y.number) return down ? x.number > y.number : x.number < y.number;
    return down ? x.words > y.words : x.words < y.words;
  });
}

void PodsOf::start(const ApiKind& owner, const Json& object) {
  ClusterView& view = app_->cluster(cluster_);
  const std::string query = pod_query(owner, object);
  if (query == query_ && list_ != nullptr) return;
  const ApiKind* pods = view.discovery.find("", "pods");
  if (pods == nullptr) return;
  query_ = query;
  seen_ = ~0ull;
  order_.clear();
  list_ = std::make_unique<TableList>(app_->api, view.base, *pods);
  list_->narrow(query);
}

void PodsOf::draw(App& app, const std::string& cluster, const Rect& r, const ApiKind& owner,
                  const Json& object) {
  app_ = &app;
  cluster_ = cluster;
  start(owner, object);
  if (list_ == nullptr) return;
  const std::string ns(object.str({"metadata", "namespace"}));
  list_->show(ns.empty() ? std::vector<std::string>() : std::vector<std::string>{ns});
  list_->tick(ui().now);
  usage_.look(app, app.cluster(cluster), "pods", ns);
  columns_ = {{"state", "State", 172, 0},
              {"name", "Name", 200, 4},
              {"space", "Namespace", 110, 0.5f, false, true, 3},
              {"ready", "Ready", 70, 0, true},
              {"restarts", "Restarts", 84, 0, true, true, 4},
              {"cpu", "CPU", 76, 0, true, true, 2},
              {"memory", "Memory", 84, 0, true, true, 2},
              {"node", "Node", 120, 0.5f, false, true, 5},
              {"ip", "IP", 118, 0, false, true, 6},
              {"age", "Age", 64, 0, true, true, 1}};
  if (list_->state() == TableList::State::kFailed) {
    if (error_page(r, "The pods cannot be listed", list_->error().message()) == 1) list_->restart();
    return;
  }
  if (list_->state() != TableList::State::kLive) return skeleton_rows(r, tokens::kSizeRowCompact);
  if (grid_.sort.empty()) grid_.sort = "state";
  order();
  if (order_.empty()) {
    empty_page(r, tokens::kIconCubeOutline, "No pods", "No pod belongs to it now.");
    return;
  }
  grid_.draw(r, *this, columns_,
             {.row_height = app.phone() ? tokens::kSizeRowTouch : tokens::kSizeRowCompact,
              .select = false,
              .menu = !app.phone(),
              .keys = app.page_has_keys(),
              .label = "Pods"});
}

}  // namespace web

// Nodes of a cluster: state, roles, what is reserved of what there is, taints; cordon and drain.
#include <algorithm>
#include <cstdlib>

#include "web/pages/cluster_facts.h"
#include "web/pages/list_page.h"
#include "web/pages/namespaces.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

// The form of nodeDrainInput.
class DrainDialog {
 public:
  void ask(std::vector<DeleteTarget> nodes) {
    nodes_ = std::move(nodes);
    opening_ = true;
    error_.clear();
    left_ = 0;
  }

  void draw(App& app) {
    if (opening_) open_dialog("Drain");
    opening_ = false;
    Rect r;
    if (!begin_dialog("Drain", tokens::kShellDialogSm, 440, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    float y =
        dialog_head(r, nodes_.size() == 1 ? "Drain " + nodes_[0].name
                                          : "Drain " + std::to_string(nodes_.size()) + " nodes");
    y += text_wrap(x, y - 4, tokens::kTypeBody, col().text_secondary,
                   "No new pods are placed there, and those that run are asked to leave, as far as "
                   "disruption budgets let them.",
                   w) +
         8;
    struct Option {
      const char *label, *note;
      bool* on;
    };
    const Option options[] = {
        {"Leave pods of daemon sets", "they would come back at once", &ignore_},
        {"Delete local data", "pods with emptyDir volumes go too, with what is in them", &local_},
        {"Force", "pods that nothing creates again are deleted for good", &force_}};
    for (const Option& o : options) {
      if (checkbox(x, y + 4, o.label, *o.on ? Check::kOn : Check::kOff, true)) *o.on = !*o.on;
      text_fit(x + 24, y + 24, tokens::kTypeSmall, col().text_tertiary, o.note, w - 24, 18);
      y += 48;
    }
    const float half = (w - 12) / 2;
    field(x, y, half, "Grace period", grace_, {.hint = "each pod's own", .error = wrong(grace_)},
          "seconds");
    field(x + half + 12, y, half, "Give up after", timeout_,
          {.hint = "120", .error = wrong(timeout_)}, "seconds");
    const bool ready = left_ == 0 && wrong(grace_).empty() && wrong(timeout_).empty();
    if (dialog_foot(r, {.action = "Drain",
                        .ready = ready,
                        .busy = left_ > 0,
                        .danger = true,
                        .tip = "Seconds are whole numbers",
                        .error = error_}) == Foot::kGo)
      send(app);
    if (done_) ImGui::CloseCurrentPopup();
    done_ = false;
    end_dialog();
  }

 private:
  static std::string_view wrong(const std::string& s) {
    for (const char c : s) {
      if (c < '0' || c > '9') return "whole seconds";
    }
    return s.size() > 5 || std::atoi(s.c_str()) > 10800 ? "at most 3 hours" : "";
  }
  void send(App& app) {
    left_ = nodes_.size();
    error_.clear();
    // What is not said is the server's own.
    Json body = Json::object(
        {{"force", force_}, {"ignoreDaemonSets", ignore_}, {"deleteLocalData", local_}});
    if (!grace_.empty()) body.set("gracePeriod", std::atoi(grace_.c_str()));
    if (!timeout_.empty()) body.set("timeout", std::atoi(timeout_.c_str()));
    for (const DeleteTarget& node : nodes_) {
      app.api.send("POST", node.url + "?action=drain", body,
                   alive_.guard([this, &app, name = node.name](Result<Json> answer) {
                     left_--;
                     if (!answer && error_.empty()) error_ = name + ": " + answer.error().message();
                     if (left_ > 0 || !error_.empty()) return;
                     done_ = true;
                     app.toast(
                         Tone::kInfo,
                         "Draining " + (nodes_.size() == 1
                                            ? nodes_[0].name
                                            : plural(static_cast<int64_t>(nodes_.size()), "node")),
                         "Its row shows how far it is");
                   }));
    }
  }

  std::vector<DeleteTarget> nodes_;
  bool ignore_ = true, local_ = false, force_ = false, opening_ = false, done_ = false;
  std::string grace_, timeout_, error_;
  size_t left_ = 0;
  Lifetime alive_;
};

float share(const Json& node, std::string_view what) {
  const Json *used = node.at({"requested", what}), *all = node.at({"allocatable", what});
  if (node.find("requested") == nullptr || all == nullptr || !all->is_string()) return -1;
  // Of what no pod asks there is no sum.
  const double u = used != nullptr && used->is_string() ? parse_quantity(used->as_string()) : 0,
               a = parse_quantity(all->as_string());
  return u < 0 || a <= 0 ? -1 : static_cast<float>(u / a);
}

std::string roles_text(const Json& node) {
  std::string out;
  auto add = [&](const char* field, const char* label) {
    if (node.truth({field})) out += (out.empty() ? "" : ", ") + std::string(label);
  };
  add("controlPlane", "control plane");
  add("etcd", "etcd");
  add("worker", "worker");
  return out.empty() ? "\xe2\x80\x93" : out;
}

std::string node_name(const Json& node) {
  for (const char* field : {"nodeName", "requestedHostname", "hostname", "name"}) {
    if (const std::string_view s = node.str(field); !s.empty()) return std::string(s);
  }
  return std::string(node.str("id"));
}

std::string taints_text(const Json& node) {
  const Json* taints = node.find("taints");
  if (taints == nullptr || taints->size() == 0) taints = node.find("nodeTaints");
  std::string out;
  if (taints == nullptr || !taints->is_array()) return out;
  for (const Json& t : taints->as_array()) {
    std::string key(t.str("key"));
    if (const size_t slash = key.rfind('/'); slash != key.npos) key.erase(0, slash + 1);
    out += (out.empty() ? "" : ", ") + key;
    if (!t.str("value").empty()) out += "=" + std::string(t.str("value"));
    out += ":" + std::string(t.str("effect"));
  }
  return out;
}

class NodesPage final : public Page {
 public:
  explicit NodesPage(const Route& r) : cluster_(r.part(1)) {
    list_.columns = {{"state", "State", 130, 0},
                     {"name", "Name", 160, 1},
                     {"roles", "Roles", 120, 0.8f, false, true, 4},
                     {"version", "Version", 116, 0.1f, false, true, 6},
                     {"cpu", "CPU", 116, 0, true, true, 2},
                     {"memory", "Memory", 116, 0, true, true, 2},
                     {"pods", "Pods", 116, 0, true, true, 3},
                     {"taints", "Taints", 120, 1, false, false, 7},
                     {"age", "Age", 64, 0, true, true, 5}};
    list_.grid.sort = "state";
    list_.menu = [this](const std::string& id) { menu(id); };
    list_.opened = [this](const std::string& id) {
      if (const Json* n = nodes().find(id)) app_->go(href(*n));
    };
  }
  std::string title(App&) override { return "Nodes"; }

 private:
  Collection& nodes() {
    return app_->v3.collection("node", "/v3/nodes?clusterId=" + url_escape(cluster_));
  }
  std::string href(const Json& n) const {
    return "/dashboard/c/" + url_escape(cluster_) + "/r/core/nodes/_/" + url_escape(node_name(n));
  }
  static std::string url_of(const std::string& id) { return "/v3/nodes/" + url_escape(id); }

  SimpleRow row_of(const std::string& id, const Json& n) {
    const std::string state(n.str("state", "active"));
    auto bar = [&](const char* what) {
      SimpleCell c;
      c.kind = SimpleCell::Kind::kMeter;
      c.fraction = share(n, what);
      c.words = c.fraction < 0 ? "\xe2\x80\x93" : ClusterFacts::percent(c.fraction);
      return c;
    };
    SimpleCell pods = bar("pods");
    if (pods.fraction >= 0) pods.words = std::string(n.str({"requested", "pods"}));
    SimpleRow row;
    row.key = id;
    row.name = node_name(n);
    const Tone tone = state == "draining" ? Tone::kTransitioning : tone_of(state);
    row.cells = {
        {SimpleCell::Kind::kState, state_label(state), tone},
        {SimpleCell::Kind::kName, row.name, Tone::kNeutral, 0, std::string(n.str("ipAddress"))},
        {SimpleCell::Kind::kText, roles_text(n)},
        {SimpleCell::Kind::kMono,
         std::string(n.str({"info", "kubernetes", "kubeletVersion"}, "\xe2\x80\x93"))},
        bar("cpu"),
        bar("memory"),
        pods,
        {SimpleCell::Kind::kTag, taints_text(n)},
        {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(n.str("created"))}};
    row.cells[1].href = href(n);
    row.haystack = row.name + " " + row.cells[2].words + " " + row.cells[3].words + " " + state +
                   " " + row.cells[7].words + " " + row.cells[1].note;
    if (tone != Tone::kSuccess || n.str("transitioning") == "error")
      row.second = n.str("transitioningMessage");
    return row;
  }

  void act(const std::vector<std::string>& ids, const std::string& action, const char* done) {
    for (const std::string& id : ids) {
      const Json* n = nodes().find(id);
      if (n == nullptr || !has_action(*n, action)) continue;
      app_->api.send("POST", url_of(id) + "?action=" + action, Json::object(),
                     alive_.guard([this, done, name = node_name(*n)](Result<Json> answer) {
                       if (!answer)
                         app_->toast(Tone::kError, name + " was not changed",
                                     answer.error().message());
                       else
                         app_->toast(Tone::kSuccess, done, name);
                     }));
    }
  }
  void drain(const std::vector<std::string>& ids) {
    std::vector<DeleteTarget> targets;
    for (const std::string& id : ids) {
      const Json* n = nodes().find(id);
      if (n != nullptr && has_action(*n, "drain")) targets.push_back({node_name(*n), url_of(id)});
    }
    if (!targets.empty()) drain_.ask(std::move(targets));
  }

  void menu(const std::string& id) {
    const Json* n = nodes().find(id);
    if (n == nullptr) return;
    std::string_view why;
    const bool may = app_->may_change(&why);
    if (menu_item(tokens::kIconServer, "Open", {.key = "Enter"})) app_->go(href(*n));
    auto item = [&](const char* action, uint32_t icon, const char* label) {
      return has_action(*n, action) && menu_item(icon, label, {.disabled = !may, .tip = why});
    };
    if (item("cordon", tokens::kIconMinusCircleOutline, "Cordon")) act({id}, "cordon", "Cordoned");
    if (item("uncordon", tokens::kIconPlusCircleOutline, "Uncordon"))
      act({id}, "uncordon", "Uncordoned");
    if (item("drain", tokens::kIconExitRun, "Drain")) drain({id});
    if (item("stopDrain", tokens::kIconClose, "Stop draining"))
      act({id}, "stopDrain", "Draining stops");
    if (menu_item(tokens::kIconContentCopy, "Copy name", {.key = "C"}))
      app_->copy(node_name(*n), node_name(*n));
  }

  void toolbar(const Rect& r) {
    const std::vector<std::string> ids(list_.grid.selected.begin(), list_.grid.selected.end());
    bool can[3] = {};
    static constexpr const char* kActions[] = {"drain", "uncordon", "cordon"};
    for (const std::string& id : ids) {
      const Json* n = nodes().find(id);
      for (int i = 0; i < 3; i++) can[i] |= n != nullptr && has_action(*n, kActions[i]);
    }
    std::string_view why;
    const bool may = app_->may_change(&why) && !ids.empty();
    if (ids.empty()) why = "Select nodes first";
    const float y = r.Min.y + 8;
    float right = r.Max.x - 24;
    auto tool = [&](int i, const char* label, uint32_t icon) {
      return button_left_of(
          right, y, label,
          {.kind = ButtonKind::kGhost, .icon = icon, .disabled = !may || !can[i], .tip = why});
    };
    if (tool(0, "Drain", tokens::kIconExitRun)) drain(ids);
    if (tool(1, "Uncordon", tokens::kIconPlusCircleOutline)) act(ids, "uncordon", "Uncordoned");
    if (tool(2, "Cordon", tokens::kIconMinusCircleOutline)) act(ids, "cordon", "Cordoned");
    if (!ids.empty()) {
      const std::string n = std::to_string(ids.size()) + " selected";
      text_right(right - 4, y, tokens::kTypeBodyStrong, col().accent_text, n, 32);
      say_text(box(right - 90, y, 86, 32), n);
    }
    text_fit(r.Min.x + 24, y, tokens::kTypeSmall, col().text_tertiary,
             "CPU and memory: reserved by pods, of what the node can give", right - r.Min.x - 140,
             32);
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    Collection& all = nodes();
    int ready = 0;
    for (const auto& [id, n] : all.items)
      ready +=
          n.str("state") == "active" || n.str("state") == "cordoned" || n.str("state") == "drained";
    const auto total = static_cast<int64_t>(all.items.size());
    page_head(
        f, {.title = "Nodes",
            .note = all.loaded ? std::to_string(ready) + " of " + plural(total, "node") + " ready"
                               : std::string(),
            .filter = &filter_});
    const Rect& a = f.area;
    float y = a.Min.y + 64;
    if (!app_->phone()) {
      toolbar(Rect(a.Min.x, y, a.Max.x, y + 48));
      hline(a.Min.x, a.Max.x, y + 47, col().border_default);
      y += 48;
    }
    const Rect body(a.Min.x, y, a.Max.x, a.Max.y);
    if (!all.loaded) {
      if (all.error.empty())
        skeleton_rows(body, 40);
      else if (error_page(body, "Nodes cannot be listed", all.error) == 1)
        app_->v3.reload(all);
    } else if (all.items.empty()) {
      empty_page(body, tokens::kIconServer, "No nodes", "None have been seen in this cluster.");
    } else {
      if (seen_ != all.version) {
        seen_ = all.version;
        std::vector<SimpleRow> rows;
        rows.reserve(all.items.size());
        for (const auto& [id, n] : all.items) rows.push_back(row_of(id, n));
        list_.set(std::move(rows));
      }
      list_.draw(body, filter_,
                 {.select = !app_->phone(), .keys = app_->page_has_keys(), .label = "Nodes"});
    }
    drain_.draw(*app_);
  }

  App* app_ = nullptr;
  std::string cluster_, filter_;
  SimpleList list_;
  uint64_t seen_ = ~0ull;
  DrainDialog drain_;
  Lifetime alive_;
};

}  // namespace

void register_nodes(PageSet& set) {
  set.add("c/*/nodes", [](const Route& r) { return std::make_unique<NodesPage>(r); });
}

}  // namespace web

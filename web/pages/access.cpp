// Access: who may do a thing and by which chain; and what a binding that is not there yet would
// add.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "web/pages/list_page.h"
#include "web/pages/namespaces.h"
#include "web/pages/roles.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr std::string_view kAnywhere = "anywhere";

std::vector<Choice> cluster_choices(App& app) {
  std::vector<Choice> out;
  for (const auto& [id, c] : app.v3.collection("cluster", "/v3/clusters").items)
    out.push_back({id, app.cluster_name(id), {}});
  return out;
}

class AccessPage final : public Page {
 public:
  AccessPage() {
    who_.columns = {{"name", "Who", 200, 1.2f},
                    {"where", "Where", 170, 1, false, true, 2},
                    {"by", "By", 200, 1.4f, false, false, 3},
                    {"rule", "Rule", 220, 1.6f, false, false, 4}};
    who_.grid.sort = "name";
    who_.opened = [this](const std::string& key) { open_answer(key); };
    adds_.columns = {{"name", "May", 150, 0.8f, false, false},
                     {"on", "On", 260, 1.8f, false, false},
                     {"of", "Of API group", 150, 0.8f, false, false, 3},
                     {"by", "By role", 160, 0.8f, false, false, 2}};
  }
  std::string title(App&) override { return "Access"; }

 private:
  // ---- who can

  void read(const Route& route) {
    auto get = [&](const char* key, const char* otherwise) {
      const auto it = route.query.find(key);
      return it == route.query.end() ? std::string(otherwise) : it->second;
    };
    verb_ = get("verb", "get");
    resource_ = get("resource", "");
    group_ = get("group", "");
    name_ = get("name", "");
    cluster_ = get("cluster", std::string(kAnywhere).c_str());
  }

  // Of a plural that the cluster has, where no group was typed.
  std::string group_of() const {
    if (!group_.empty()) return group_ == "core" ? std::string() : group_;
    const std::string plural = resource_.substr(0, resource_.find('/'));
    const std::string in = cluster_ == kAnywhere ? "local" : cluster_;
    if (app_->cluster_object(in) == nullptr) return {};
    for (const ApiKind& k : app_->cluster(in).discovery.kinds()) {
      if (k.plural == plural) return k.group;
    }
    return {};
  }

  void ask(Frame& f) {
    Route to = f.route;
    to.query = {{"verb", verb_}, {"resource", resource_}};
    if (!group_.empty()) to.query["group"] = group_;
    if (!name_.empty()) to.query["name"] = name_;
    if (cluster_ != kAnywhere) to.query["cluster"] = cluster_;
    app_->replace(to);
    asking_ = true;
    error_.clear();
    Json body = Json::object({{"verb", verb_}, {"apiGroup", group_of()}, {"resource", resource_}});
    if (!name_.empty()) body.set("resourceName", name_);
    if (cluster_ != kAnywhere) body.set("clusterId", cluster_);
    app_->api.send("POST", "/v3/accessreviews", body, alive_.guard([this](Result<Json> answer) {
      asking_ = false;
      if (!answer) {
        error_ = answer.error().message();
        return;
      }
      answer_ = std::move(*answer);
      asked_ = true;
      seen_.clear();
    }));
  }

  Person subject_of(const Json& s) {
    const std::string id(s.str("id"));
    if (s.str("type") == "user") return person_of_user(*app_, id);
    if (s.str("type") == "group")
      return person_of_binding(*app_, Json::object({{"groupPrincipalId", id}}));
    Person out;
    out.name = id;
    out.note = "service account";
    return out;
  }

  std::string place_of(const Json& a) {
    const std::string pid(a.str("projectId")), cid(a.str("clusterId"));
    if (!pid.empty()) {
      const Json* p = projects_of(*app_, pid.substr(0, pid.find(':'))).find(pid);
      return app_->cluster_name(pid.substr(0, pid.find(':'))) + " / " +
             std::string(p == nullptr ? pid : p->str("name", pid));
    }
    return cid.empty() ? "this server" : app_->cluster_name(cid);
  }

  void collect() {
    const std::string now = std::to_string(all_users(*app_).version) + " " +
                            std::to_string(role_templates(*app_).version) + " " +
                            std::to_string(app_->principals_version);
    if (now == seen_) return;
    seen_ = now;
    std::vector<SimpleRow> rows;
    const Json* answers = answer_.find("answers");
    if (answers == nullptr || !answers->is_array()) return who_.set({});
    size_t n = 0;
    for (const Json& a : answers->as_array()) {
      const Person p = subject_of(a.find("subject") == nullptr ? Json() : *a.find("subject"));
      std::string by, rule;
      const Json* chain = a.find("chain");
      for (const Json& link :
           chain != nullptr && chain->is_array() ? chain->as_array() : engine::JsonArray()) {
        const std::string_view type = link.str("type"), id = link.str("id");
        std::string word;
        if (type == "roleTemplate") word = role_name(*app_, id);
        if (type == "globalRole") word = global_role_name(*app_, id);
        if (!word.empty()) by += (by.empty() ? "" : " \xe2\x80\xba ") + word;
        if (type == "policyRule" && link.find("rule") != nullptr) {
          const RuleWords w = rule_words(*link.find("rule"));
          rule = w.may == w.on ? w.may
                               : w.may + " on " + w.on + (w.of == "paths" ? "" : " of " + w.of);
        }
      }
      SimpleRow row;
      row.key = std::to_string(n++);
      row.name = p.name;
      row.haystack = p.name + " " + p.note + " " + by;
      // There is no room for more columns there, and a name alone says nothing.
      if (app_->phone()) row.second = place_of(a) + ": " + by;
      row.cells = {{SimpleCell::Kind::kPerson, p.name, Tone::kNeutral, 0, p.note},
                   {SimpleCell::Kind::kText, place_of(a)},
                   {SimpleCell::Kind::kText, by},
                   {SimpleCell::Kind::kText, rule}};
      rows.push_back(std::move(row));
    }
    who_.set(std::move(rows));
  }

  // Where what allows it can be taken away.
  void open_answer(const std::string& key) {
    const Json* answers = answer_.find("answers");
    const size_t i = std::strtoul(key.c_str(), nullptr, 10);
    if (answers == nullptr || i >= answers->size()) return;
    const Json& a = answers->as_array()[i];
    const std::string pid(a.str("projectId")), cid(a.str("clusterId"));
    if (!pid.empty())
      app_->go(project_href(pid) + "#members");
    else if (!cid.empty())
      app_->go("/dashboard/c/" + url_escape(cid) + "/members");
    else if (a.str({"subject", "type"}) == "user")
      app_->go("/dashboard/users/" + url_escape(a.str({"subject", "id"})));
  }

  float question(Frame& f, const Rect& r) {
    const float pad = app_->phone() ? 16 : 24;
    float x = r.Min.x + pad, y = r.Min.y + 12;
    auto next = [&](float w) {
      w = ImMin(w, r.GetWidth() - pad * 2);
      if (x + w > r.Max.x - pad && x > r.Min.x + pad) {
        x = r.Min.x + pad;
        y += 62;
      }
      const Rect out = box(x, y + 22, w, 32);
      x += w + 8;
      return out;
    };
    bool submitted = false;
    auto labelled = [&](const Rect& b, std::string_view label) {
      field_label(b.Min.x, b.Min.y - 22, b.GetWidth(), label);
      return b;
    };
    static const std::vector<Choice> verbs = {{"get", "get", {}},       {"list", "list", {}},
                                              {"watch", "watch", {}},   {"create", "create", {}},
                                              {"update", "update", {}}, {"patch", "patch", {}},
                                              {"delete", "delete", {}}, {"*", "everything", {}}};
    choose(labelled(next(120), "Who can"), "Verb", verbs, verb_);
    input(labelled(next(190), "Resource"), "Resource", resource_,
          {.hint = "secrets, pods/exec", .focus = fresh_ && !app_->phone()}, &submitted);
    fresh_ = false;
    const std::string found = group_.empty() ? group_of() : std::string();
    input(labelled(next(150), "API group"), "API group", group_,
          {.hint = found.empty() ? std::string_view("core") : std::string_view(found)}, &submitted);
    input(labelled(next(150), "Named"), "Named", name_, {.hint = "any"}, &submitted);
    std::vector<Choice> clusters = cluster_choices(*app_);
    clusters.insert(clusters.begin(), Choice{std::string(kAnywhere), "anywhere", {}});
    choose(labelled(next(180), "In"), "In", clusters, cluster_);
    const Rect go = next(100);
    const bool ready = !resource_.empty() && !asking_;
    if (button(go.Min.x, go.Min.y, "Ask",
               {.kind = ButtonKind::kPrimary,
                .icon = tokens::kIconMagnify,
                .disabled = !ready,
                .busy = asking_,
                .tip = ready || asking_ ? "" : "Name a resource"}) ||
        (submitted && ready))
      ask(f);
    y += 66;
    hline(r.Min.x, r.Max.x, y - 1, col().border_default);
    return y;
  }

  void who_can(Frame& f, const Rect& r) {
    const float y = question(f, r);
    Rect body(r.Min.x, y, r.Max.x, r.Max.y);
    if (!error_.empty()) {
      if (error_page(body, "This cannot be answered", error_) == 1) ask(f);
      return;
    }
    if (!asked_) {
      return empty_page(body, tokens::kIconShieldKeyOutline, "Who can do what, and why",
                        "Name a verb and a resource; the answer shows each role that allows it.");
    }
    collect();
    const auto total = answer_.integer({"total"});
    if (total == 0)
      return empty_page(body, tokens::kIconShieldKeyOutline, "Nobody",
                        "No role that somebody has allows it.");
    body.Max.y -= 40;
    who_.draw(body, "",
              {.select = false, .menu = false, .keys = app_->page_has_keys(), .label = "Who can"});
    hline(r.Min.x, r.Max.x, body.Max.y, col().border_default);
    const std::string words = plural(total, "way", "ways") + " it is allowed" +
                              (answer_.truth({"partial"}) ? ", the first of them shown" : "");
    text(r.Min.x + 24, body.Max.y, tokens::kTypeSmall, col().text_secondary, words, 40);
    say_text(box(r.Min.x + 24, body.Max.y, 300, 40), words);
  }

  // ---- what if

  void try_draft() {
    asking_ = true;
    error_.clear();
    Json draft = Json::object();
    if (context_ == "global") {
      draft.set("globalRoleId", role_);
    } else {
      draft.set("roleTemplateId", role_);
      draft.set(context_ == "project" ? "projectId" : "clusterId",
                context_ == "project" ? project_ : where_);
    }
    if (picker_.chosen.group)
      draft.set("groupPrincipalId", picker_.chosen.principal);
    else
      draft.set("userId",
                picker_.chosen.user.empty() ? picker_.chosen.principal : picker_.chosen.user);
    app_->api.send(
        "POST", "/v3/accessreviews", Json::object({{"draft", std::move(draft)}}),
        alive_.guard([this](Result<Json> answer) {
          asking_ = false;
          tried_ = bool(answer);
          if (!answer) {
            error_ = answer.error().message();
            return;
          }
          std::vector<SimpleRow> rows;
          if (const Json* adds = answer->find("adds"); adds != nullptr && adds->is_array()) {
            for (const Json& a : adds->as_array()) {
              const RuleWords w = rule_words(a.find("rule") == nullptr ? Json() : *a.find("rule"));
              const std::string_view id = a.str("roleTemplateId");
              SimpleRow row;
              row.key = std::to_string(rows.size());
              row.name = w.may + " " + w.on;
              row.cells = {{SimpleCell::Kind::kText, w.may},
                           {SimpleCell::Kind::kText, w.on},
                           {SimpleCell::Kind::kText, w.of},
                           {SimpleCell::Kind::kText,
                            id.empty() ? global_role_name(*app_, a.str("globalRoleId"))
                                       : role_name(*app_, id)}};
              rows.push_back(std::move(row));
            }
          }
          added_ = rows.size();
          adds_.set(std::move(rows));
        }));
  }

  float draft_form(float x, float y, float w) {
    static const std::vector<Choice> contexts = {{"global", "On this server", {}},
                                                 {"cluster", "In a cluster", {}},
                                                 {"project", "In a project", {}}};
    field_label(x, y, w, "Where");
    if (choose(box(x, y + 22, w, 32), "Where", contexts, context_)) role_.clear();
    y += 62;
    if (context_ != "global") {
      field_label(x, y, w, "Cluster");
      if (choose(box(x, y + 22, w, 32), "Cluster", cluster_choices(*app_), where_,
                 "Choose a cluster"))
        project_.clear();
      y += 62;
    }
    if (context_ == "project" && !where_.empty()) {
      std::vector<Choice> list;
      for (const auto& [id, p] : projects_of(*app_, where_).items)
        list.push_back({id, std::string(p.str("name", id)), {}});
      field_label(x, y, w, "Project");
      choose(box(x, y + 22, w, 32), "Project", list, project_, "Choose a project");
      y += 62;
    }
    std::vector<Choice> roles;
    for (const auto& [id, role] : roles_of(*app_, context_).items) {
      if (context_ == "global" || (role.str("context") == context_ && !role.truth({"hidden"})))
        roles.push_back({id, std::string(role.str("name", id)), {}});
    }
    std::sort(roles.begin(), roles.end(),
              [](const Choice& a, const Choice& b) { return a.label < b.label; });
    field_label(x, y, w, "Role");
    choose(box(x, y + 22, w, 32), "Role", roles, role_, "Choose a role");
    y += 70;
    const bool ready =
        picker_.chosen.known() && !role_.empty() && !asking_ &&
        (context_ == "global" || (context_ == "cluster" ? !where_.empty() : !project_.empty()));
    if (button(x, y, "What would it add?",
               {.kind = ButtonKind::kPrimary,
                .disabled = !ready,
                .busy = asking_,
                .tip = ready ? "" : "Choose who, where and which role"}))
      try_draft();
    return y + 48;
  }

  void what_if(const Rect& r) {
    const float pad = app_->phone() ? 16 : 24;
    const bool two = r.GetWidth() > 900;
    const float w = two ? 320 : r.GetWidth() - pad * 2;
    const Rect form(r.Min.x, r.Min.y, two ? r.Min.x + w + pad * 2 : r.Max.x,
                    two ? r.Max.y : r.Max.y - 200);
    if (begin_area("draft", form)) {
      const float x = form.Min.x + pad;
      float y = form.Min.y + 16 - ImGui::GetScrollY();
      picker_.draw(*app_, x, y, w, false);
      y += picker_.chosen.known() ? 74 : PersonPicker::kHeight;
      end_area(draft_form(x, y, w));
    } else {
      end_area();
    }
    const Rect body(two ? form.Max.x : r.Min.x, two ? r.Min.y : form.Max.y, r.Max.x, r.Max.y);
    if (two)
      vline(body.Min.x, body.Min.y, body.Max.y, col().border_default);
    else
      hline(body.Min.x, body.Max.x, body.Min.y, col().border_default);
    if (!error_.empty()) {
      if (error_page(body, "This cannot be answered", error_) == 1) try_draft();
    } else if (!tried_) {
      empty_page(body, tokens::kIconShieldKeyOutline, "What would it add?",
                 "Nothing is changed by asking.");
    } else if (added_ == 0) {
      empty_page(body, tokens::kIconCheck, "Nothing new",
                 picker_.chosen.name + " may do all of that already.");
    } else {
      adds_.draw(body, "",
                 {.select = false,
                  .menu = false,
                  .keys = app_->page_has_keys(),
                  .label = "What it would add"});
    }
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    const bool first = !started_;
    if (first) read(f.route);
    started_ = true;
    page_head(f, {.title = "Access", .note = "who can do what, and by which role"});
    const bool draft = f.route.tab == "whatif";
    const Tab list[] = {{"Who can"}, {"What if"}};
    const float y = a.Min.y + 64;
    if (const int t =
            tabs(a.Min.x + (app_->phone() ? 16 : 24), y, 40, list, 2, draft ? 1 : 0, "Questions");
        t >= 0) {
      error_.clear();
      Route to = f.route;
      to.tab = t == 1 ? "whatif" : "";
      app_->go(to.url());
    }
    hline(a.Min.x, a.Max.x, y + 39, col().border_default);
    const Rect body(a.Min.x, y + 40, a.Max.x, a.Max.y);
    if (draft) return what_if(body);
    if (first && !resource_.empty()) ask(f);
    who_can(f, body);
  }

  App* app_ = nullptr;
  std::string verb_, resource_, group_, name_, cluster_, error_, seen_;
  std::string context_ = "cluster", where_, project_, role_;
  Json answer_;
  SimpleList who_, adds_;
  PersonPicker picker_;
  size_t added_ = 0;
  bool started_ = false, asked_ = false, tried_ = false, asking_ = false, fresh_ = true;
  Lifetime alive_;
};

}  // namespace

void register_access(PageSet& set) {
  set.add("access", [](const Route&) { return std::make_unique<AccessPage>(); });
}

}  // namespace web

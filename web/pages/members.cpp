#include "web/pages/members.h"

#include <algorithm>

#include "web/widgets/forms.h"

namespace web {

Collection& role_templates(App& app) {
  return app.v3.collection("roleTemplate", "/v3/roleTemplates");
}

std::string role_name(App& app, std::string_view id) {
  const Json* role = role_templates(app).find(id);
  return std::string(role == nullptr ? id : role->str("name", id));
}

std::string role_href(std::string_view id) {
  return "/dashboard/roles/template/" + url_escape(id);
}

Members::Members(Of of, std::string id) : of_(of), id_(std::move(id)) {
  list_.columns = {{"name", "Member", 240, 1.6f},
                   {"role", "Role", 200, 1},
                   {"age", "Since", 80, 0, true, true, 2}};
  list_.grid.sort = "name";
  list_.menu = [this](const std::string& key) { menu(key); };
}

Collection& Members::bindings(App& app) {
  return of_ == Of::kCluster
             ? app.v3.collection("clusterRoleTemplateBinding",
                                 "/v3/clusterRoleTemplateBindings?clusterId=" + url_escape(id_))
             : app.v3.collection("projectRoleTemplateBinding",
                                 "/v3/projectRoleTemplateBindings?projectId=" + url_escape(id_));
}

void Members::collect(App& app) {
  const Collection& all = bindings(app);
  const std::string now =
      std::to_string(all.version) + " " + std::to_string(all_users(app).version) + " " +
      std::to_string(app.principals_version) + " " + std::to_string(role_templates(app).version);
  if (now == seen_) return;
  seen_ = now;
  std::vector<SimpleRow> rows;
  for (const auto& [id, b] : all.items) {
    const Person p = person_of_binding(app, b);
    const std::string role = role_name(app, b.str("roleTemplateId"));
    SimpleRow row;
    row.key = id;
    row.name = p.name;
    row.haystack = p.name + " " + p.note + " " + role + " " + p.user;
    row.cells = {{SimpleCell::Kind::kPerson, p.name, Tone::kNeutral, 0,
                  p.user == app.me.str("id") && !p.user.empty() ? "you" : p.note},
                 {SimpleCell::Kind::kText, role},
                 {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(b.str("created"))}};
    rows.push_back(std::move(row));
  }
  list_.set(std::move(rows));
}

void Members::add() {
  changing_.clear();
  role_.clear();
  error_.clear();
  role_filter_.clear();
  picker_.reset();
  busy_ = done_ = false;
  opening_ = true;
}

void Members::menu(const std::string& id) {
  const Json* b = bindings(*app_).find(id);
  if (b == nullptr) return;
  std::string_view why;
  const bool may = app_->may_change(&why);
  const Person p = person_of_binding(*app_, *b);
  if (menu_item(tokens::kIconPencilOutline, "Change role", {.disabled = !may, .tip = why})) {
    add();
    changing_ = id;
    role_ = b->str("roleTemplateId");
    picker_.chosen = p;
  }
  const std::string role(b->str("roleTemplateId"));
  if (menu_item(tokens::kIconShieldAccountOutline, "What the role allows"))
    app_->go(role_href(role));
  menu_gap();
  if (menu_item(tokens::kIconDeleteOutline, "Remove",
                {.danger = true, .disabled = !may, .tip = why})) {
    remove_.ask(
        "member",
        {{p.name,
          bindings(*app_).path.substr(0, bindings(*app_).path.find('?')) + "/" + url_escape(id)}},
        {.words = p.name + " loses what the role " + role_name(*app_, role) + " gives in this " +
                  std::string(context()) + ", within seconds. Other roles stay.",
         .verb = "Remove"});
  }
}

float Members::choose_role(App& app, float x, float y, float w, float h) {
  field_label(x, y, w, "Role");
  input(box(x, y + 22, w, 32), "Filter roles", role_filter_,
        {.hint = "Filter roles", .icon = tokens::kIconFilterVariant});
  const Rect area(x, y + 60, x + w, y + h);
  std::vector<const Json*> roles;
  const std::string low = lower(role_filter_);
  for (const auto& [id, role] : role_templates(app).items) {
    if (role.str("context") != context() || role.truth({"hidden"})) continue;
    if (role.truth({"locked"}) && id != role_) continue;
    if (lower(role.str("name")).find(low) != std::string::npos) roles.push_back(&role);
  }
  // Those that most people get come first.
  auto place_of = [](const Json* role) {
    static constexpr std::string_view kUsual[] = {"cluster-owner", "cluster-member",
                                                  "project-owner", "project-member", "read-only"};
    const auto* at = std::find(std::begin(kUsual), std::end(kUsual), role->str("id"));
    return at - std::begin(kUsual);
  };
  std::stable_sort(roles.begin(), roles.end(), [&](const Json* a, const Json* b) {
    if (place_of(a) != place_of(b)) return place_of(a) < place_of(b);
    return a->str("name") < b->str("name");
  });
  if (begin_area("roles", area)) {
    float ry = area.Min.y - ImGui::GetScrollY();
    for (const Json* role : roles) {
      std::string note(role->str("description"));
      if (note.empty() && role->truth({"administrative"})) note = "Everything in the cluster";
      const float rh = note.empty() ? 34.0f : 48.0f;
      if (radio_row(box(x, ry, w - 8, rh), role->str("name"), note, role->str("id") == role_))
        role_ = role->str("id");
      ry += rh + 2;
    }
    if (roles.empty())
      text(x + 8, ry + 4, tokens::kTypeSmall, col().text_tertiary, "No role is called that", 24);
    end_area(ry);
  } else {
    end_area();
  }
  return y + h;
}

void Members::save(App& app) {
  busy_ = true;
  error_.clear();
  Collection& all = bindings(app);
  const std::string base = all.path.substr(0, all.path.find('?'));
  const std::string name = picker_.chosen.name, role = role_name(app, role_);
  auto done = alive_.guard([this, &app, name, role](Result<Json> answer) {
    busy_ = false;
    if (!answer) {
      error_ = answer.error().message();
      return;
    }
    done_ = true;
    app.toast(Tone::kSuccess, changing_.empty() ? "Added " + name : "Changed the role of " + name,
              role);
    app.v3.reload(bindings(app));
  });
  if (!changing_.empty()) {
    app.api.send("PUT", base + "/" + url_escape(changing_),
                 Json::object({{"roleTemplateId", role_}}), done);
    return;
  }
  Json body =
      Json::object({{"type", all.type}, {of_ == Of::kCluster ? "clusterId" : "projectId", id_}});
  body.set("roleTemplateId", role_);
  set_person(body, picker_.chosen);
  app.api.send("POST", base, body, done);
}

void Members::dialog(App& app) {
  const std::string_view name = "Member";
  if (opening_) open_dialog(name);
  opening_ = false;
  Rect r;
  const bool wide = ImGui::GetIO().DisplaySize.x > 800;
  if (!begin_dialog(name, wide ? 760 : tokens::kShellDialogMd, wide ? 460 : 700, &r)) return;
  const bool changing = !changing_.empty();
  const float y = dialog_head(r, changing              ? "Change the role of " + picker_.chosen.name
                                 : of_ == Of::kCluster ? "Add a member to the cluster"
                                                       : "Add a member to the project");
  const float x = r.Min.x + 24, w = r.GetWidth() - 48;
  if (changing) {
    choose_role(app, x, y, w, r.Max.y - 76 - y);
  } else if (wide) {
    const float half = (w - 24) / 2;
    picker_.draw(app, x, y, half, ImGui::IsWindowAppearing());
    vline(x + half + 12, y, r.Max.y - 76, col().border_subtle);
    choose_role(app, x + half + 24, y, half, r.Max.y - 76 - y);
  } else {
    picker_.draw(app, x, y, w, ImGui::IsWindowAppearing());
    const float top = y + PersonPicker::kHeight;
    choose_role(app, x, top, w, r.Max.y - 76 - top);
  }
  const bool ready = picker_.chosen.known() && !role_.empty() && !busy_;
  if (dialog_foot(r, {.action = changing ? "Change" : "Add member",
                      .ready = ready,
                      .busy = busy_,
                      .tip = "Choose who, and a role",
                      .error = error_}) == Foot::kGo)
    save(app);
  if (done_) ImGui::CloseCurrentPopup();
  done_ = false;
  end_dialog();
}

void Members::draw(App& app, const Rect& r, std::string_view filter) {
  app_ = &app;
  Collection& all = bindings(app);
  if (!all.loaded) {
    if (all.error.empty())
      skeleton_rows(r, 40);
    else if (error_page(r, "Members cannot be listed", all.error) == 1)
      app.v3.reload(all);
    return;
  }
  collect(app);
  if (all.items.empty()) {
    empty_page(r, tokens::kIconAccountMultipleOutline, "No members yet",
               "Only administrators have rights here.");
  } else {
    list_.draw(r, filter, {.select = false, .keys = app.page_has_keys(), .label = "Members"});
  }
  dialog(app);
  remove_.draw(app);
}

namespace {

class MembersPage final : public Page {
 public:
  explicit MembersPage(const Route& r) : members_(Members::Of::kCluster, r.part(1)) {}
  std::string title(App&) override { return "Members"; }

 private:
  void draw_content(Frame& f) override {
    const Collection& all = members_.bindings(f.app);
    if (page_head(f, {.title = "Members",
                      .note = all.loaded ? plural(static_cast<int64_t>(all.items.size()), "role")
                                         : std::string(),
                      .action = "Add member",
                      .filter = &filter_}))
      members_.add();
    members_.draw(f.app, Rect(f.area.Min.x, f.area.Min.y + 64, f.area.Max.x, f.area.Max.y),
                  filter_);
  }
  Members members_;
  std::string filter_;
};

}  // namespace

void register_members(PageSet& set) {
  set.add("c/*/members", [](const Route& r) { return std::make_unique<MembersPage>(r); });
}

}  // namespace web

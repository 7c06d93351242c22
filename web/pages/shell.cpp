// The shell of App: the frame around every page.
#include <cmath>

#include "web/pages/app.h"
#include "web/pages/dock.h"
#include "web/pages/palette.h"

namespace web {
namespace {

constexpr float kHeader = tokens::kShellHeader;
constexpr float kGutter = tokens::kShellGutter;

// The product's mark: a paddock's fence.
void logo(float x, float y) {
  const Color ink = col().accent_icon;
  for (const float px : {x + 1.5f, x + 13.5f}) fill(box(px - 1.25f, y, 2.5f, 16), ink, 1);
  for (const float py : {y + 3.5f, y + 12.5f}) fill(box(x, py - 1.1f, 15, 2.2f), ink, 1);
  canvas()->AddLine(ImVec2(x + 2, y + 12), ImVec2(x + 13, y + 4), ink, 2.0f);
}

}  // namespace

void App::draw_frame() {
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImVec2(width_, height_));
  ImGui::Begin("shell", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse);
  global_keys();
  const bool rail = nav_rail_ || narrow() || (route.part(2) == "r" && route.parts.size() > 5);
  const float nav = phone() ? 0 : rail ? tokens::kShellNavRail : tokens::kShellNavW;
  draw_header();
  const float gutter = phone() ? 0 : kGutter;
  const float foot = phone() ? 56.0f : gutter;
  Rect body(nav, kHeader, width_ - gutter, height_ - foot);
  const float dock_h = phone() ? 0 : dock->height(body.GetHeight());
  Rect area = body;
  if (dock_h > 0) area.Max.y -= dock_h + gutter;
  draw_connection_bar(area);

  const Color around = col().surface_canvas;
  ground(Rect(0, 0, width_, area.Min.y), around);
  ground(Rect(0, area.Min.y, nav, height_), around);
  ground(Rect(area.Max.x, area.Min.y, width_, height_), around);
  ground(Rect(nav, body.Max.y, area.Max.x, height_), around);
  if (dock_h > 0) ground(Rect(nav, area.Max.y, area.Max.x, area.Max.y + gutter), around);
  draw_page(area);
  if (!phone()) {
    round_corners(area, tokens::kShellPanelRadius, col().surface_canvas, col().border_default);
  } else {
    hline(area.Min.x, area.Max.x, area.Min.y, col().border_default);
  }
  if (dock_h > 0) {
    const Rect below(body.Min.x, body.Max.y - dock_h, body.Max.x, body.Max.y);
    dock->draw_splitter(Rect(area.Min.x, area.Max.y, area.Max.x, below.Min.y), body.GetHeight());
    dock->draw(below);
  }
  if (phone()) {
    if (booted_ && !route.cluster().empty()) refresh_counts(cluster(route.cluster()));
    draw_phone_bar();
  } else {
    draw_navigation();
  }
  draw_keys();
  palette->draw();
  draw_session_expired();
  ImGui::End();
  draw_toasts();
  draw_tooltip();
}

void App::draw_page(const Rect& area) {
  if (!booted_) {
    if (ui_state.now > tokens::kMotionSkeletonDelay) {
      skeleton_rows(Rect(area.Min.x, area.Min.y + 96, area.Max.x, area.Max.y), 40);
    } else {
      ui_state.after(tokens::kMotionSkeletonDelay);
    }
    return;
  }
  open_page();
  ui_state.mirror.open(id_of("main"), Role::kMain, kept_.front().page->title(*this), place(area));
  ImGui::PushID(kept_.front().path.c_str());
  if (begin_area("page", area, 0, tokens::kShellPanelRadius,
                 ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse)) {
    Frame f{*this, area, route};
    kept_.front().page->draw(f);
  }
  end_area();
  ImGui::PopID();
  ui_state.mirror.close();
}

void App::draw_search(float right) {
  const auto& c = col();
  float w = 400;
  float sx = std::round((width_ - w) / 2);
  if (narrow()) {
    sx = 120;
    w = ImMin(400.0f, right - 30 - sx);
  }
  if (w > 120) {
    const Rect box_r = box(sx, 8, w, 32);
    const Hit search = hit(id_of("Search"), box_r, {.cursor = Cursor::kText});
    fill(box_r, search.hovered ? c.surface_hover : c.surface_control, tokens::kRadiusUseInput);
    outline(box_r, search.hovered ? c.border_strong : c.border_default, tokens::kRadiusUseInput);
    if (search.focused) focus_ring(box_r, tokens::kRadiusUseInput);
    icon(sx + 11, 16, 16, c.text_secondary, tokens::kIconMagnify);
    const std::string hint = route.cluster().empty()
                                 ? "Search clusters, objects, actions"
                                 : "Search in " + cluster_name(route.cluster()) + " or everywhere";
    text_fit(sx + 35, 8, tokens::kTypeBody, c.text_tertiary, hint, w - 110, 32);
    key_cap(box_r.Max.x - 10 - key_cap_width("Ctrl K"), 14, "Ctrl K");
    ui_state.mirror.say(search.id, Role::kButton, "Search", place(box_r));
    if (search.pressed) palette->open();
  }
}

void App::draw_header() {
  const auto& c = col();
  const float line = kHeader;
  const Hit home = hit(id_of("home"), box(8, 6, 112, 36));
  ui_state.mirror.say(home.id, Role::kLink, "Paddock", ImVec4(8, 6, 120, 42)).href =
      "/dashboard/clusters";
  logo(18, 16);
  float x = 46;
  if (route.parts.size() > 5 && !phone())
    draw_crumbs(x);
  else if (!phone())
    text(x, 0, tokens::kTypeHeading, c.text_primary, "Paddock", line);
  if (home.pressed) follow("/dashboard/clusters", home);
  if (phone())
    text(46, 0, tokens::kTypeTitle, c.text_primary,
         kept_.empty() ? "" : kept_.front().page->title(*this), line);

  // Right end, from the outside in.
  float right = width_ - 12;
  const std::string who(me.str("username").empty() ? me.str("name") : me.str("username"));
  const Rect avatar = box(right - 28, 10, 28, 28);
  const Hit user = hit(id_of("Account"), avatar);
  canvas()->AddCircleFilled(avatar.GetCenter(), 14, c.accent_subtle);
  canvas()->AddCircle(avatar.GetCenter(), 13.5f, c.accent_border);
  text_center(avatar, tokens::kTypeMicro, c.accent_text, monogram_letters(who));
  if (user.focused) focus_ring(avatar, 14);
  ui_state.mirror.say(user.id, Role::kButton, "Account", place(avatar));
  tooltip(user, who);
  if (user.pressed) open_menu("Account menu");
  draw_user_menu(avatar);
  if (phone()) return;
  right -= 28 + 10;
  right -= 32;
  if (icon_button(right, 8, tokens::kIconHelpCircleOutline, "Keys").pressed) keys_open = true;
  right -= 40;
  if (icon_button(right, 8, tokens::kIconThemeLightDark, "Switch theme").pressed) {
    set_pref("theme", ui_state.dark ? "light" : "dark");
  }
  if (!route.cluster().empty()) {
    right -= 40;
    if (icon_button(right, 8, tokens::kIconDownload, "Download kubeconfig").pressed)
      kubeconfig(route.cluster(), true);
    right -= 40;
    if (icon_button(right, 8, tokens::kIconUploadOutline, "Create from YAML").pressed)
      go("/dashboard/c/" + url_escape(route.cluster()) + "/create");
  }
  // Live, or how long not.
  const bool ok = live();
  const std::string_view word = ok ? "Live" : v3.ever_live() ? "Not live" : "Connecting";
  right -= text_width(tokens::kTypeBody, word) + 12;
  text(right, 0, tokens::kTypeBody, c.text_secondary, word, line);
  canvas()->AddCircleFilled(ImVec2(right - 12, 24), 4,
                            ok ? c.state_success_solid : c.state_warning_solid);
  ui_state.mirror.say(id_of("live"), Role::kStatus, word, ImVec4(right, 14, right + 40, 34));

  draw_search(right);
}

// Where an object is: cluster, namespace, kind.
void App::draw_crumbs(float x) {
  ClusterView& view = cluster(route.cluster());
  const ApiKind* kind =
      view.discovery.find(route.part(3) == "core" ? "" : route.part(3), route.part(4));
  const std::string ns = route.part(5) == "_" ? "" : route.part(5);
  struct Crumb {
    std::string label, href;
  };
  std::vector<Crumb> crumbs = {
      {cluster_name(route.cluster()), "/dashboard/c/" + url_escape(route.cluster())}};
  const std::string list = kind != nullptr ? list_url(route.cluster(), *kind) : "";
  if (!ns.empty()) crumbs.push_back({ns, list.empty() ? "" : list + "?ns=" + url_escape(ns)});
  if (kind != nullptr) crumbs.push_back({kind_label(*kind), list});
  x += 24;
  for (size_t i = 0; i < crumbs.size(); i++) {
    const Crumb& crumb = crumbs[i];
    const std::string label = fit_middle(tokens::kTypeBody, crumb.label, 140);
    const Rect r = box(x, 12, text_width(tokens::kTypeBody, label), 24);
    const Hit h = hit(id_of(crumb.label) ^ 0xC, r);
    x += text(x, 12, i == 0 ? tokens::kTypeBodyStrong : tokens::kTypeBody,
              h.hovered || i == 0 ? col().text_primary : col().text_secondary, label, 24);
    if (h.focused) focus_ring(r, 4);
    ui_state.mirror.say(h.id, Role::kLink, crumb.label, place(r)).href = crumb.href;
    if (h.pressed && !crumb.href.empty()) follow(crumb.href, h);
    if (i + 1 < crumbs.size()) {
      icon(x + 7, 16, 16, col().text_tertiary, tokens::kIconChevronRight);
      x += 30;
    }
  }
}

void App::draw_user_menu(const Rect& avatar) {
  if (!begin_menu("Account menu", ImVec2(avatar.Max.x, avatar.Max.y + 6), 240, true)) return;
  menu_title(me.str("name").empty() ? me.str("username") : me.str("name"));
  if (menu_item(tokens::kIconKeyChainVariant, "API keys")) go("/dashboard/keys");
  if (menu_item(tokens::kIconCogOutline, "Preferences")) go("/dashboard/preferences");
  if (menu_item(tokens::kIconThemeLightDark, ui_state.dark ? "Light theme" : "Dark theme")) {
    set_pref("theme", ui_state.dark ? "light" : "dark");
  }
  if (menu_item(tokens::kIconKeyboardOutline, "Keys", {.key = "?"})) keys_open = true;
  menu_gap();
  if (menu_item(tokens::kIconLogout, "Sign out")) log_out();
  end_menu();
}

void App::draw_connection_bar(Rect& area) {
  const double since = v3.broken_since() > 0 ? v3.broken_since() : api.failed_since();
  if (since == 0 || !booted_) return;
  if (ui_state.now - since < tokens::kMotionReconnectBannerDelay) {
    ui_state.after(tokens::kMotionReconnectBannerDelay - (ui_state.now - since) + 5);
    return;
  }
  const auto& c = col();
  const Rect r = box(area.Min.x, area.Min.y, area.GetWidth(), 40);
  area.Min.y += 48;
  banner_box(r, Tone::kWarning);
  icon(r.Min.x + 16, r.Min.y + 12, 16, c.state_warning_solid, tokens::kIconLanDisconnect);
  float x = r.Min.x + 42;
  x += text(x, r.Min.y, tokens::kTypeBodyStrong, c.text_primary, "Not live", 40) + 10;
  const int64_t good = api.last_good_wall();
  std::string words;
  if (good > 0) {
    std::string t = time_text(good, backend.zone_minutes(good));
    words = "data from " + t.substr(t.rfind(' ') + 1);
  }
  const double left = v3.retry_at() - ui_state.now;
  if (v3.retry_at() >= 0) {
    words += (words.empty() ? "retry in " : ", retry in ") +
             std::to_string(static_cast<int>(ImMax(0.0, left) / 1000) + 1) + "s";
    ui_state.after(500);
  }
  text(x, r.Min.y, tokens::kTypeBody, c.text_secondary, words, 40);
  ui_state.mirror.say(id_of("not live"), Role::kAlert, "Not live, " + words, place(r));
  const float bw = button_width("Try now", {.kind = ButtonKind::kGhost});
  if (button(r.Max.x - bw - 6, r.Min.y + 4, "Try now", {.kind = ButtonKind::kGhost})) on_online();
}

void App::draw_toasts() {
  if (toasts_.empty()) return;
  const float w = ImMin(440.0f, width_ - 24);
  // Above the bar where a page has its buttons: nobody waits for a toast to press one.
  float y = height_ - 20 - tokens::kShellActionBar;
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImVec2(width_, height_));
  ImGui::Begin("toasts", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoInputs | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav);
  for (size_t i = toasts_.size(); i-- > 0;) {
    Toast& t = toasts_[i];
    const double stay =
        t.tone == Tone::kError ? tokens::kMotionToastStay * 2 : tokens::kMotionToastStay;
    if (t.until == 0) t.until = ui_state.now + stay;
    const float tw = text_width(tokens::kTypeBody, t.title);
    const float room = w - 46 - 16;
    const bool below = tw + 10 + text_width(tokens::kTypeSmall, t.words) > room;
    const float words_h =
        below && !t.words.empty() ? wrap_height(tokens::kTypeSmall, t.words, room, 18) : 0;
    const float h = 44 + words_h;
    y -= h + 8;
    const Rect r = box(width_ - w - 20, y, w, h);
    shadow(canvas(), r, 8, col().shadow_menu);
    fill(r, col().surface_raised, 8);
    outline(r, col().border_default, 8);
    tone_mark(r.Min.x + 16, r.Min.y + 14, 16, t.tone);
    text(r.Min.x + 42, r.Min.y, tokens::kTypeBody, col().text_primary, t.title, 44);
    if (below) {
      text_wrap(r.Min.x + 42, r.Min.y + 34, tokens::kTypeSmall, col().text_secondary, t.words, room,
                18, 6);
    } else {
      text(r.Min.x + 42 + tw + 10, r.Min.y, tokens::kTypeSmall, col().text_tertiary, t.words, 44);
    }
    ui_state.mirror.say(id_of(static_cast<int>(i) + 1000),
                        t.tone == Tone::kError ? Role::kAlert : Role::kStatus,
                        t.title + (t.words.empty() ? "" : ". " + t.words), place(r));
  }
  ImGui::End();
  while (!toasts_.empty() && toasts_.front().until != 0 && toasts_.front().until <= ui_state.now)
    toasts_.pop_front();
  for (const Toast& t : toasts_) ui_state.after(ImMax(1.0, t.until - ui_state.now));
}

void App::draw_tooltip() {
  Ui& u = ui_state;
  if (u.tip.empty() || u.tip_id == 0) {
    u.tip_shown = 0;
    return;
  }
  if (u.tip_shown != u.tip_id) {
    u.tip_shown = u.tip_id;
    u.tip_since = u.now;
  }
  if (u.now - u.tip_since < tokens::kMotionTooltipDelay) {
    u.after(tokens::kMotionTooltipDelay - (u.now - u.tip_since) + 1);
    return;
  }
  ImDrawList* list = ImGui::GetForegroundDrawList();
  const float w = ImMin(420.0f, text_width(tokens::kTypeSmall, u.tip));
  const ImVec2 m = ImGui::GetIO().MousePos;
  float x = ImMin(m.x + 8, width_ - w - 24);
  float y = m.y + 20;
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImVec2(1, 1));
  ImGui::Begin("tip", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoInputs | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  const float h = wrap_height(tokens::kTypeSmall, u.tip, w + 1, 18) + 8;
  if (y + h > height_) y = m.y - h - 8;
  ImGui::PushClipRect(ImVec2(0, 0), ImVec2(width_, height_), false);
  const Rect r = box(std::round(x), std::round(y), w + 18, h);
  fill(r, col().surface_tooltip, 6);
  text_wrap(r.Min.x + 9, r.Min.y + 4, tokens::kTypeSmall, col().text_onTooltip, u.tip, w + 1, 18);
  ImGui::PopClipRect();
  ImGui::BringWindowToDisplayFront(ImGui::GetCurrentWindow());
  ImGui::End();
  (void)list;
}

void App::draw_session_expired() {
  if (expired_) open_dialog("Your session has ended");
  Rect r;
  if (!begin_dialog("Your session has ended", tokens::kShellDialogSm, 190, &r)) return;
  text(r.Min.x + 24, r.Min.y + 20, tokens::kTypeHeading, col().text_primary,
       "Your session has ended");
  text_wrap(r.Min.x + 24, r.Min.y + 52, tokens::kTypeBody, col().text_secondary,
            "Sign in again in a new tab and come back: what you have not saved is still here. Or "
            "sign in here and "
            "start anew from this page.",
            r.GetWidth() - 48);
  float x = r.Max.x - 24;
  if (button_left_of(x, r.Max.y - 52, "Sign in here", {.kind = ButtonKind::kPrimary})) {
    backend.leave_to("/dashboard/login?to=" + url_escape(backend.location()));
  }
  if (button_left_of(x, r.Max.y - 52, "In a new tab"))
    backend.open_tab("/dashboard/login?to=" + url_escape(backend.location()));
  if (button_left_of(x, r.Max.y - 52, "Try again", {.kind = ButtonKind::kGhost})) {
    api.get("/v3/users?me=true", [this](Result<Json> answer) {
      if (answer) expired_ = false;
    });
    ImGui::CloseCurrentPopup();
  }
  if (!expired_) ImGui::CloseCurrentPopup();
  end_dialog();
}

void App::draw_keys() {
  if (keys_open) {
    open_dialog("Keys");
    keys_open = false;
  }
  static const char* const keys[][2] = {{"Ctrl K", "Search everything"},
                                        {"?", "These keys"},
                                        {"/", "Filter the list"},
                                        {"n", "Choose namespaces"},
                                        {"j  k", "Next and previous row"},
                                        {"Space", "Select the row"},
                                        {"Ctrl A", "Select all rows"},
                                        {"Enter", "Open the row"},
                                        {"l", "Log of the pod"},
                                        {"s", "Shell in the pod"},
                                        {"y", "YAML of the object"},
                                        {"c", "Copy the name"},
                                        {"Del", "Delete what is selected"},
                                        {"Ctrl S", "Save the YAML"},
                                        {"[", "Fold the navigation"},
                                        {"Ctrl `", "Show or fold the dock"},
                                        {"Shift T", "Light or dark"},
                                        {"Shift Esc", "Leave the shell"}};
  Rect r;
  const float h = 84 + 9 * 34;
  if (!begin_dialog("Keys", tokens::kShellDialogMd, h, &r)) return;
  text(r.Min.x + 24, r.Min.y + 20, tokens::kTypeHeading, col().text_primary, "Keys");
  if (icon_button(r.Max.x - 48, r.Min.y + 16, tokens::kIconClose, "Close").pressed)
    ImGui::CloseCurrentPopup();
  for (int i = 0; i < 18; i++) {
    const float x = r.Min.x + 24 + (i / 9 == 1 ? r.GetWidth() / 2 - 12 : 0.0f);
    const float y = r.Min.y + 62 + static_cast<float>(i % 9) * 34;
    key_cap(x, y + 5, keys[i][0], 22);
    text(x + 76, y, tokens::kTypeBody, col().text_secondary, keys[i][1], 32);
    say_text(box(x, y, 200, 32), std::string(keys[i][0]) + " " + keys[i][1]);
  }
  end_dialog();
}

void App::draw_phone_bar() {
  const float y = height_ - 56;
  fill(Rect(0, y, width_, height_), col().surface_panel);
  hline(0, width_, y, col().border_default);
  struct Item {
    uint32_t icon;
    const char* label;
    const char* href;
  };
  const Item items[] = {{tokens::kIconServerNetwork, "Clusters", "/dashboard/clusters"},
                        {tokens::kIconKeyChainVariant, "API keys", "/dashboard/keys"},
                        {tokens::kIconAccountCircleOutline, "Account", "/dashboard/preferences"},
                        {tokens::kIconMenu, "More", ""}};
  const float w = width_ / 4;
  for (int i = 0; i < 4; i++) {
    const Rect r = box(w * static_cast<float>(i), y, w, 56);
    const Hit h = hit(id_of(items[i].label) ^ 7, r);
    const bool on = route.path() == items[i].href;
    const Color ink = on ? col().accent_text : col().text_secondary;
    icon_center(Rect(r.Min.x, r.Min.y + 6, r.Max.x, r.Min.y + 34), 24, ink, items[i].icon);
    text_center(Rect(r.Min.x, r.Min.y + 34, r.Max.x, r.Min.y + 52), tokens::kTypeSmallStrong, ink,
                items[i].label);
    const bool more = i == 3;
    MirrorNode& n =
        ui_state.mirror.say(h.id, more ? Role::kButton : Role::kLink, items[i].label, place(r));
    n.href = items[i].href;
    if (h.pressed && more)
      open_menu("More pages");
    else if (h.pressed)
      follow(items[i].href, h);
  }
  draw_phone_menu();
}

// What the navigation has and the bar has no room for.
void App::draw_phone_menu() {
  const float w = 260;
  const bool inside = !route.cluster().empty();
  const float h = 8 + 32 * (inside ? 9 : 5) + (inside ? 37 : 0);
  if (!begin_menu("More pages", ImVec2(width_ - w - 8, height_ - 64 - h), w)) return;
  const std::string root = "/dashboard/c/" + url_escape(route.cluster());
  auto item = [&](uint32_t icon, const char* label, const std::string& href) {
    if (menu_item(icon, label)) go(href);
  };
  if (inside) {
    menu_title(cluster_name(route.cluster()));
    item(tokens::kIconViewDashboardOutline, "Overview", root);
    item(tokens::kIconServer, "Nodes", root + "/nodes");
    item(tokens::kIconPackageVariantClosed, "Projects and namespaces", root + "/projects");
    item(tokens::kIconAccountMultipleOutline, "Members", root + "/members");
    menu_gap();
  }
  item(tokens::kIconAccountMultipleOutline, "Users", "/dashboard/users");
  item(tokens::kIconShieldAccountOutline, "Roles", "/dashboard/roles");
  item(tokens::kIconShieldKeyOutline, "Access", "/dashboard/access");
  item(tokens::kIconTextBoxSearchOutline, "Audit", "/dashboard/audit");
  item(tokens::kIconCogOutline, "Settings", "/dashboard/settings");
  end_menu();
}

void App::global_keys() {
  const ImGuiIO& io = ImGui::GetIO();
  const bool ctrl = io.KeyCtrl || io.KeySuper;
  if (ctrl && ImGui::IsKeyPressed(ImGuiKey_K, false)) {
    if (palette->is_open()) {
      palette->close();
    } else {
      palette->open();
    }
  }
  if (ctrl && ImGui::IsKeyPressed(ImGuiKey_GraveAccent, false)) dock->toggle();
  if (shortcut(ImGuiKey_Slash, true) || (shortcut(ImGuiKey_Slash) && io.KeyShift)) keys_open = true;
  for (const ImWchar16 ch : io.InputQueueCharacters) {
    if (ch == '?' && !io.WantTextInput && !dock->takes_keys() && !palette->is_open())
      keys_open = true;
  }
  if (shortcut(ImGuiKey_LeftBracket)) set_pref("nav-rail", nav_rail_ ? "false" : "true");
  if (shortcut(ImGuiKey_T, true)) set_pref("theme", ui_state.dark ? "light" : "dark");
}

}  // namespace web

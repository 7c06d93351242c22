// App: the dashboard as a whole: session, address, shell, pages, dock. Made once; a frame is drawn
// only when something asks for one. Thread: the one thread. Owns: everything below.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "web/client/discovery.h"
#include "web/client/table_list.h"
#include "web/client/v3.h"
#include "web/pages/page.h"
#include "web/widgets/controls.h"
#include "web/widgets/parts.h"

namespace web {

class Dock;
class Palette;

// What belongs to one cluster while the dashboard is open.
struct ClusterView {
  ClusterView(Api& api, std::string cluster_id)
      : id(std::move(cluster_id)), base("/k8s/clusters/" + url_escape(id)), discovery(api, base) {}
  std::string id, base;
  Discovery discovery;
  std::vector<std::string> namespaces;  // the filter, shared by all lists of the cluster
  std::unique_ptr<TableList> namespace_list;
  uint64_t namespaces_seen = 0;           // its version when the management API was last asked
  std::map<std::string, int64_t> counts;  // by GROUP/PLURAL
  double counts_at = -1e9;
};

struct Toast {
  Tone tone;
  std::string title, words, action, href;
  double until = 0;
};

class App {
 public:
  App(Backend& backend, const FontFiles& fonts);
  ~App();
  void start();
  double frame();  // returns ms until the next one is wanted, or -1
  void resize(float w, float h, float scale);
  void touched() { settle_ = 3; }
  void wheel(float x, float y);
  void paste(std::string text);
  void focus_node(uint32_t id);
  void on_location();
  void on_online();
  void on_media();
  void on_file(const std::string& name, const std::string& text);

  void go(const std::string& url);   // a new entry of the history
  void replace(const Route& route);  // the same entry: filter, tab
  void follow(const std::string& url, const Hit& h);
  void toast(Tone tone, std::string title, std::string words = {}, std::string action = {},
             std::string href = {});
  void copy(std::string_view text, std::string_view what);
  ClusterView& cluster(const std::string& id);
  const Json* cluster_object(std::string_view id);
  std::string cluster_name(std::string_view id);
  void open_download(const std::string& object_url, const std::string& file);  // an object as YAML
  void kubeconfig(const std::string& id, bool download);
  void log_out();
  std::string pref(std::string_view key, std::string_view otherwise = {});
  void set_pref(const std::string& key, const std::string& value);
  void apply_prefs();
  bool live() const { return v3.live() && api.online(); }
  bool may_change(std::string_view* why);  // false while not connected
  bool narrow() const { return width_ < tokens::kShellBreakpointsFull; }
  bool phone() const { return width_ < tokens::kShellBreakpointsListDetail; }
  bool typing() const { return ImGui::GetIO().WantTextInput; }
  bool page_has_keys();  // nobody types and nothing lies over the page
  bool shortcut(
      ImGuiKey key,
      bool shift = false);  // a plain key, when nobody types and nothing lies over the page

  Backend& backend;
  Ui ui_state;
  Api api;
  V3 v3;
  std::unique_ptr<Dock> dock;
  std::unique_ptr<Palette> palette;
  Json me;  // the user
  // Names of users and groups from elsewhere, by principal; empty while asked for.
  std::map<std::string, std::string, std::less<>> principal_names;
  uint64_t principals_version = 0;
  Route route;
  bool keys_open = false;

 private:
  friend class Shell;
  void load_session();
  void draw_frame();
  void open_page();
  void draw_page(const Rect& area);
  void draw_header();
  void draw_navigation();
  void draw_cluster_navigation(float& y, float x, float w);
  void draw_home_navigation(float& y, float x, float w);
  bool nav_item(float x, float& y, float w, uint32_t code, std::string_view label,
                std::string_view href, bool current, std::string_view count = {}, int indent = 0);
  void nav_section(float x, float& y, std::string_view label);
  void nav_pinned(float x, float& y, float w);
  void draw_search(float right);
  void draw_crumbs(float x);
  void draw_user_menu(const Rect& avatar);
  void draw_cluster_switch(float x, float& y, float w);
  void draw_connection_bar(Rect& area);
  void draw_toasts();
  void draw_keys();
  void draw_tooltip();
  void draw_session_expired();
  void draw_phone_bar();
  void draw_phone_menu();
  void global_keys();
  void refresh_counts(ClusterView& view);

  PageSet pages_;
  struct Kept {
    std::string path;
    std::unique_ptr<Page> page;
  };
  std::deque<Kept> kept_;  // the first is the one shown
  std::map<std::string, std::unique_ptr<ClusterView>> clusters_;
  std::deque<Toast> toasts_;
  Json prefs_;
  std::map<std::string, bool> folded_;  // groups of the navigation
  std::string title_, pasted_;
  float width_ = 1440, height_ = 900;
  int settle_ = 3;
  int paste_step_ = 0;
  bool booted_ = false, expired_ = false, nav_rail_ = false, nav_drawer_ = false;
  double mirror_at_ = 0, wheel_at_ = -1e9;
  std::string cluster_filter_;
};

void set_style(const tokens::Colors& c);

}  // namespace web

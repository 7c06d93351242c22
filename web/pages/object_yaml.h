// ObjectYaml: the YAML of one object, edited, reviewed beside what the server has, tried (dry run)
// and saved; conflicts are merged. Thread: the one thread. Owns: the text and the state of saving.
#pragma once

#include <string>
#include <vector>

#include "web/client/json_diff.h"
#include "web/client/lifetime.h"
#include "web/widgets/code_editor.h"

namespace web {

class App;

class ObjectYaml {
 public:
  void show(const engine::Json& object);  // a newer version from the server
  bool dirty() const { return dirty_; }
  void draw(App& app, const Rect& r, const std::string& url, bool may_update);

 private:
  void load(const engine::Json& object);
  std::string shown_text(const engine::Json& object) const;
  void check();
  void review(App& app, const std::string& url);
  void save(App& app, const std::string& url);
  void merge();
  engine::Json to_send() const;
  void tools(App& app, const Rect& r);
  void side(App& app, const Rect& r);
  void actions(App& app, const Rect& r, const std::string& url, bool may_update);

  CodeEditor editor_;
  Lifetime alive_;
  engine::Json base_, latest_, edited_;
  bool loaded_ = false, dirty_ = false, managed_ = false, review_ = false, saving_ = false,
       conflict_ = false;
  bool dry_asked_ = false, dry_done_ = false;
  std::string parse_error_, dry_error_, save_error_;
  uint64_t checked_ = 0;
  std::vector<JsonChange> changes_;
};

}  // namespace web

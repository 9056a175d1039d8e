"""WebKit as a browser that a test can drive: commands come in as lines of JSON, answers and events go out the same way.

WebKitGTK's own driver keeps no profile and cannot be killed together with what it stored, which is what the tests are about.
"""
import json
import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

profile, mode = sys.argv[1], sys.argv[2]
pages = {}


def tell(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def create_context():
    if mode == "private":
        return WebKit2.WebContext.new_ephemeral()
    manager = WebKit2.WebsiteDataManager(
        base_data_directory=os.path.join(profile, "data"), base_cache_directory=os.path.join(profile, "cache")
    )
    return WebKit2.WebContext.new_with_website_data_manager(manager)


class Page:
    """A tab: a view in a window of its own, so that it counts as visible."""

    def __init__(self, page_id):
        self.page_id = page_id
        self.evaluations = set()
        self.navigation = None
        self.failure = None
        self.is_committed = False
        self.view = WebKit2.WebView(web_context=context)
        settings = self.view.get_settings()
        settings.set_hardware_acceleration_policy(WebKit2.HardwareAccelerationPolicy.NEVER)
        settings.set_enable_write_console_messages_to_stdout(False)
        self.view.connect("load-changed", self.on_load_changed)
        self.view.connect("load-failed", self.on_load_failed)
        self.view.connect("web-process-terminated", self.on_terminated)
        self.window = Gtk.Window()
        self.window.set_default_size(800, 600)
        self.window.add(self.view)
        self.window.show_all()

    def on_load_changed(self, _view, event):
        if event == WebKit2.LoadEvent.COMMITTED:
            self.is_committed = True
            tell({"page": self.page_id, "event": "committed", "url": self.view.get_uri()})
            self.lose_evaluations("The page was navigated, and what ran in it destroyed.")
        elif event == WebKit2.LoadEvent.FINISHED and (self.is_committed or self.failure):
            self.end_navigation()

    def on_load_failed(self, _view, _event, uri, error):
        self.failure = f"{uri} did not load: {error.message}"
        return False

    def on_terminated(self, _view, _reason):
        self.lose_evaluations("The page crashed.")
        self.failure = "The page crashed."
        self.end_navigation()
        tell({"page": self.page_id, "event": "crash"})

    def end_navigation(self):
        command, self.navigation = self.navigation, None
        if command is None:
            return
        answer(command, None, self.failure)

    def lose_evaluations(self, why):
        lost, self.evaluations = self.evaluations, set()
        for command in lost:
            answer(command, None, why)

    def navigate(self, command, begin):
        self.failure = None
        # What finishes before is the page that was there.
        self.is_committed = False
        self.navigation = command
        begin()

    def evaluate(self, command, source, argument):
        self.evaluations.add(command)
        # The argument and the result cross as text; what JSON has no word for is said by the codec beside this file.
        arguments = GLib.Variant("a{sv}", {"argument": GLib.Variant("s", argument)})

        def done(view, outcome):
            if command not in self.evaluations:
                return
            self.evaluations.discard(command)
            try:
                value = view.call_async_javascript_function_finish(outcome)
                answer(command, value.to_string())
            except GLib.Error as error:
                answer(command, None, error.message)

        self.view.call_async_javascript_function(source, -1, arguments, None, None, None, done)

    def close(self):
        self.lose_evaluations("The page was closed.")
        self.window.destroy()
        self.view.destroy()


def answer(command, value, failure=None):
    tell({"id": command, "failure": failure} if failure else {"id": command, "value": value})


def perform(message):
    command, kind, page_id = message["id"], message["kind"], message.get("page")
    if kind == "open":
        pages[page_id] = Page(page_id)
        return answer(command, None)
    page = pages.get(page_id)
    if page is None:
        return answer(command, None, "The page was closed.")
    if kind == "goto":
        page.navigate(command, lambda: page.view.load_uri(message["url"]))
    elif kind == "reload":
        page.navigate(command, page.view.reload)
    elif kind == "back":
        page.navigate(command, page.view.go_back)
    elif kind == "evaluate":
        page.evaluate(command, message["source"], message["argument"])
    elif kind == "close":
        pages.pop(page_id).close()
        answer(command, None)
    else:
        answer(command, None, f"There is no command {kind}.")


received = bytearray()


def on_input(source, condition):
    chunk = b"" if condition & GLib.IO_ERR else os.read(source, 1 << 16)
    if not chunk:
        # Whoever started this is gone.
        Gtk.main_quit()
        return False
    received.extend(chunk)
    while (end := received.find(b"\n")) >= 0:
        line = bytes(received[:end])
        del received[: end + 1]
        perform(json.loads(line))
    return True


context = create_context()
if mode == "no-cookies":
    context.get_cookie_manager().set_accept_policy(WebKit2.CookieAcceptPolicy.NEVER)
GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IO_IN | GLib.IO_HUP | GLib.IO_ERR, on_input)
tell({"version": f"{WebKit2.get_major_version()}.{WebKit2.get_minor_version()}.{WebKit2.get_micro_version()}"})
Gtk.main()

import json

import pytest
from starlette.testclient import TestClient

from service.app import HEADERS, create_app


@pytest.fixture(scope="module")
def client(drawn):
    return TestClient(create_app(drawn))


def assert_error(response, status, code) -> str:
    """Every error is {"error": {"status", "code", "message"}} with the headers of every answer; returns the message."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"status", "code", "message"}
    assert (body["error"]["status"], body["error"]["code"]) == (status, code)
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    return body["error"]["message"]


def test_health_names_the_version(client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "version": "2024-03-20.1", "as_of": "2024-03-20"}
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/", "/dashboards/overview", "/dashboards/overview.html"])
def test_page_is_served_byte_for_byte(client, overview_file, path) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.content == overview_file.read_bytes()


def test_headers_of_a_page(client) -> None:
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'sha256-" in policy
    assert policy.endswith("; frame-ancestors 'none'")
    assert "unsafe-inline" not in policy.split("script-src")[1]
    others = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}
    assert {name: headers.get(name) for name in others} == others
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/docs", "/redoc", "/openapi.json", "/dashboards/", "/dashboards/other", "/dashboards/overview.css",
        "/dashboards/..%2f..%2fmanifest", "/dashboards/%2e%2e", "/dashboards/a%00b", "/dashboards/OVERVIEW",
        "/dashboards/" + "a" * 5_000, "/tables/score.user_persona.parquet", "/manifest.json",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404_in_the_one_shape(client, path) -> None:
    assert_error(client.get(path), 404, "not_found")


def test_lists_are_not_handed_out_and_the_answer_says_where_they_are(client) -> None:
    message = assert_error(client.get("/segments/retention.csv"), 404, "not_found")
    assert "not handed out here" in message
    assert "shopper-" not in message


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/dashboards/overview"])
def test_nothing_can_be_written(client, method, path) -> None:
    response = client.request(method, path)
    assert_error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/", "/healthz", "/dashboards/overview"])
def test_before_the_first_publication(tmp_path, path) -> None:
    response = TestClient(create_app(tmp_path)).get(path)
    assert "nothing is published" in assert_error(response, 503, "not_published")
    assert response.headers["retry-after"] == "60"


def test_a_page_changed_after_publication_is_not_served(version, publish) -> None:
    page = version / "dashboards/overview.html"
    page.parent.mkdir()
    page.write_text("<p>one</p>", encoding="utf-8")
    client = TestClient(create_app(publish(version)))
    assert client.get("/").text == "<p>one</p>"
    page.write_text("<p>two</p>", encoding="utf-8")
    assert "not what was published" in assert_error(client.get("/"), 503, "damaged_version")


def test_a_page_without_a_policy_may_run_nothing(version, publish) -> None:
    page = version / "dashboards/overview.html"
    page.parent.mkdir()
    page.write_text("<script>alert(1)</script>", encoding="utf-8")
    response = TestClient(create_app(publish(version))).get("/")
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_the_pointer_is_followed_anew_by_every_request(version, publish, write) -> None:
    home = publish(version)
    client = TestClient(create_app(home))
    assert client.get("/healthz").json()["version"] == "2024-03-20.1"
    newer = version.parent / "2024-03-21.1"
    version.rename(newer)
    facts = json.loads((newer / "manifest.json").read_text(encoding="utf-8"))
    (newer / "manifest.json").write_text(json.dumps(facts | {"version": newer.name}), encoding="utf-8")
    (home / "published/current").write_text(newer.name, encoding="utf-8")
    assert client.get("/healthz").json()["version"] == "2024-03-21.1"


def test_what_nobody_foresaw_has_the_same_shape_and_tells_no_secret(drawn, monkeypatch) -> None:
    def fail(_home):
        raise RuntimeError("secret token")

    monkeypatch.setattr("service.app.current_version", fail)
    client = TestClient(create_app(drawn), raise_server_exceptions=False)
    assert "secret" not in assert_error(client.get("/"), 500, "internal_error")

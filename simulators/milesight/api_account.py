"""Endpoints of the user: user/status, user, and the credentials of the broker."""

from simulators.faults import Json, Row

from .knobs import FUNCTIONS
from .releases import V110
from .request import ApiRequest


async def user_status(request: ApiRequest) -> Json:
    """Return whether the server has been set up; needs no login."""
    return {"init": request.state.initialised}


async def user_info(request: ApiRequest) -> Json:
    """Return the user of the request; 1.0.0 knows neither tenants nor roles."""
    user = request.user
    codes = FUNCTIONS if user.super_admin else sorted(user.functions)
    menus: list[Json] = [
        {"menu_id": str(1000 + index), "code": code, "name": code, "type": "FUNCTION"}
        for index, code in enumerate(codes)
    ]
    role = "super_admin" if user.super_admin else "Reader"
    known: Row = {
        "user_id": user.user_id,
        "nickname": user.nickname,
        "email": user.email,
    }
    if not V110.has(request.release):
        return known
    return known | {
        "tenant_id": request.state.tenant,
        "created_at": str(request.state.world.start * 1000),
        "roles": [{"role_id": "1868211453976543002", "role_name": role}],
        "menus": menus,
        "is_super_admin": user.super_admin,
    }


async def broker_info(request: ApiRequest) -> Json:
    """Return the address of the broker; without a host, it is that of the web page.

    The ports are those of the broker itself, published or not.
    """
    state = request.state
    info: Row = {"mqtt_port": state.notifier.mqtt_port, "ws_path": "/mqtt"}
    if state.mqtt_host is not None:
        info["host"] = state.mqtt_host
    if state.mqtt_ws_port is not None:
        info["ws_port"] = state.mqtt_ws_port
    return info


async def web_credentials(request: ApiRequest) -> Json:
    """Return the user name and password that all web clients of a tenant share."""
    username = f"web_mqtt@{request.state.tenant}"
    return {
        "client_id": f"{username}#{request.state.notifier.next_client()}",
        "username": username,
        "password": request.state.mqtt_password,
    }

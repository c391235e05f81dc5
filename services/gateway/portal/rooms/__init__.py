"""The portal's pages, room by room; a new room is named here."""

from services.gateway.portal.rooms import dashboard, guidance, home, policies, preferences, styleguide
from services.gateway.portal.visit import Room

ROOMS: tuple[Room, ...] = (home.room, policies.room, guidance.room, dashboard.room, preferences.room, styleguide.room)

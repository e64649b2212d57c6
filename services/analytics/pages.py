"""This service's pages: every feature's `pages` and `assets` folder, and the catalogues."""

from pathlib import Path

from services.ui import NavItem, Pages

NAV = (
    NavItem("", "Overview", "/console", "layout-dashboard"),
    NavItem("", "Ambassadors", "/console/analytics/ambassadors", "users"),
    NavItem("Analysis", "Metrics", "/console/analytics/metrics", "calculator"),
    NavItem("Analysis", "Activity", "/console/analytics/activity", "clock"),
    NavItem("For developers", "Install check", "/console/analytics/install", "shield-check"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)

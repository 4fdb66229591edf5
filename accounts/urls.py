from django.urls import path

from .views import invitation, people, profile, roles

app_name = "accounts"

urlpatterns = [
    path("people/", people.person_list, name="people"),
    path("people/invite/", people.person_invite, name="invite"),
    path("people/<int:pk>/", people.person_edit, name="person"),
    path("people/<int:pk>/deactivate/", people.person_deactivate, name="deactivate"),
    path("people/<int:pk>/reactivate/", people.person_reactivate, name="reactivate"),
    path("people/<int:pk>/link/", people.person_link, name="link"),
    path("people/<int:pk>/deputies/", people.person_deputy_add, name="person_deputy_add"),
    path("people/<int:pk>/deputies/<int:deputy>/end/", people.person_deputy_end, name="person_deputy_end"),
    path("people/roles/", roles.role_list, name="roles"),
    path("people/roles/new/", roles.role_new, name="role_new"),
    path("people/roles/<slug:code>/", roles.role_edit, name="role"),
    path("people/roles/<slug:code>/delete/", roles.role_remove, name="role_delete"),
    path("account/", profile.profile_edit, name="profile"),
    path("account/deputies/", profile.deputy_add, name="deputy_add"),
    path("account/deputies/<int:pk>/end/", profile.deputy_stop, name="deputy_end"),
    path("account/tokens/", profile.token_add, name="token_add"),
    path("account/tokens/<str:digest>/revoke/", profile.token_end, name="token_revoke"),
    path("account/invitation/<str:token>/", invitation.invitation_open, name="invitation"),
]

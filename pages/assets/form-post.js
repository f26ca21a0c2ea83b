// Presses the button of the page that hands an answer to the application (response_mode=form_post).
document.getElementById("form-post").submit();

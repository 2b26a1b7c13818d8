import java.io.File;
import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.MultipartBody;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** OkHttp, whose own recipe for posting a multipart request is an upload to the third API. */
public class OkHttpUpload {
    public static void main(String[] words) throws IOException {
        RequestBody body =
                new MultipartBody.Builder()
                        .setType(MultipartBody.FORM)
                        .addFormDataPart("title", "Square Logo")
                        .addFormDataPart("image", "logo-square.png", RequestBody.create(MediaType.parse("image/png"), new File(words[0])))
                        .build();
        Request request =
                new Request.Builder()
                        .header("Authorization", "Client-ID 0123456789abcde")
                        .url("https://api.imgur.com/3/image")
                        .post(body)
                        .build();
        try (Response response = new OkHttpClient().newCall(request).execute()) {
            System.out.println(response.body().string());
        }
    }
}
